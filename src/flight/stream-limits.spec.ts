import { describe, expect, it } from 'vitest';
import { StreamLimits } from './stream-limits.js';

describe('StreamLimits', () => {
  it('lets as many in as there may be in all, and from one address', () => {
    const limits = new StreamLimits(3, 2);
    const leave = limits.enter('10.0.0.1:1000');
    limits.enter('10.0.0.1:1001');
    expect(() => limits.enter('10.0.0.1:1002')).toThrow('from one address');
    limits.enter('10.0.0.2:1000');
    expect(() => limits.enter('10.0.0.3:1000')).toThrow('in all');
    leave();
    expect(limits.count).toBe(2);
    limits.enter('10.0.0.1:1003');
    expect(() => limits.enter('10.0.0.2:1001')).toThrow('in all');
  });

  it('counts a place that is given back twice once', () => {
    const limits = new StreamLimits(9, 1);
    const leave = limits.enter('[::1]:7');
    leave();
    leave();
    expect(limits.count).toBe(0);
    limits.enter('[::1]:8');
    expect(() => limits.enter('[::1]:9')).toThrow('from one address');
    expect(limits.count).toBe(1);
  });
});
