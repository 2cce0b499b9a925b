import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Uuid } from '../core/uuid.js';
import { DamagedFileError, NewerFormatError } from './parquet/file-seal.js';
import { decodeIdentity, encodeIdentity } from './store-identity.js';

const decode = (text: string) => decodeIdentity(Buffer.from(text));

describe('the identity of a store', () => {
  it('is a small JSON text that anybody can read', () => {
    const id = Uuid.parse('0198a000-0000-7000-8000-000000000001');
    expect(Buffer.from(encodeIdentity(id)).toString()).toBe(
      '{"formatVersion":1,"storeId":"0198a000-0000-7000-8000-000000000001"}\n',
    );
  });

  it('is read back, for any UUID', () => {
    fc.assert(
      fc.property(fc.uuid(), (text) => {
        const id = Uuid.parse(text);
        expect(decodeIdentity(encodeIdentity(id))).toBe(id);
      }),
    );
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '1',
    '{}',
    '{"formatVersion":1}',
    '{"formatVersion":1,"storeId":7}',
    '{"formatVersion":1,"storeId":"0198a000-0000-7000-8000"}',
    '{"formatVersion":"1","storeId":"0198a000-0000-7000-8000-000000000001"}',
    '{"storeId":"0198a000-0000-7000-8000-000000000001"}',
  ])('is damaged where it says no id: %j', (text) => {
    expect(() => decode(text)).toThrow(DamagedFileError);
  });

  it('may be that of a later release, whatever else it says', () => {
    expect(() => decode('{"formatVersion":2}')).toThrow(NewerFormatError);
  });
});
