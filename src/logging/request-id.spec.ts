import { describe, expect, it } from 'vitest';
import { requestIdOf } from './request-id.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACE_PARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const MADE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the id of a request', () => {
  it.each(['a', 'x'.repeat(128), 'AZaz09._:/+=@-', '01J9Z3/span:7'])(
    'is what the caller named it: %s',
    (named) => expect(requestIdOf(named, TRACE_PARENT)).toBe(named),
  );

  it.each([
    ['empty', ''],
    ['one character too long', 'x'.repeat(129)],
    ['more than one', 'a, b'],
    ['with a line break', 'a\nb'],
    ['with one at its end', 'a\n'],
    ['with an escape', 'a\u001b[31m'],
    ['with quotes', '"a"'],
    ['with other letters', 'ä'],
    ['no text', ['a']],
    ['not there', undefined],
  ])('is the trace id where the name is %s', (_, named) => {
    expect(requestIdOf(named, TRACE_PARENT)).toBe(TRACE_ID);
  });

  it('is the trace id of a later version, which may say more', () => {
    const later = TRACE_PARENT.replace('00-', 'cc-');
    expect(requestIdOf(undefined, later)).toBe(TRACE_ID);
    expect(requestIdOf(undefined, `${later}-what.the-future-brings`)).toBe(TRACE_ID);
  });

  it.each([
    ['of version ff', TRACE_PARENT.replace('00-', 'ff-')],
    ['of version 00 with more behind it', `${TRACE_PARENT}-00`],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['with a parent id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['in capital letters', TRACE_PARENT.toUpperCase()],
    ['that is too short', TRACE_PARENT.slice(0, -1)],
    ['that is empty', ''],
    ['that is not there', undefined],
  ])('is made, each time another, for a traceparent %s', (_, traceParent) => {
    const made = requestIdOf(undefined, traceParent);
    expect(made).toMatch(MADE);
    expect(requestIdOf(undefined, traceParent)).not.toBe(made);
  });
});
