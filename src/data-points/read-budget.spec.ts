import { describe, expect, it } from 'vitest';
import { chargePoints, chargeRows } from './read-budget.js';

function codeOf(charge: () => void): unknown {
  try {
    charge();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('chargePoints', () => {
  it('lets a request be answered so many points and no more, and counts a refused field for nothing', () => {
    const request = {};
    const codes = [3, 3, 2, 1].map((points) => codeOf(() => chargePoints(request, points, 5)));
    expect(codes).toEqual([undefined, 'READ_TOO_LARGE', undefined, 'READ_TOO_LARGE']);
  });
});

describe('chargeRows', () => {
  it('lets a request look at 100 million rows and no more, whatever it is answered', () => {
    const request = {};
    for (let field = 0; field < 100; field++) chargeRows(request, 1_000_000);
    expect(codeOf(() => chargeRows(request, 1))).toBe('READ_TOO_LARGE');
    expect(codeOf(() => chargeRows(request, 0))).toBeUndefined();
    expect(codeOf(() => chargeRows({}, 1))).toBeUndefined();
  });
});
