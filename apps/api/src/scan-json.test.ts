import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson } from './scan-json.js';

const scan = (text: string) => scanJson(text, { maxValues: 1_000 });

describe('scanJson', () => {
  it('lets every value pass whose text is whole', () => {
    const string = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), string, (value, text) => {
        expect(scan(JSON.stringify([value, text]))).toBeUndefined();
      }),
    );
  });

  it.each([
    ['"\\ud800"'],
    ['"\\uDC00"'],
    ['"\\ud800\\ud800"'],
    ['{"a\\ud83d":1}'],
    ['["\\\\\\ud800x"]'],
    [JSON.stringify('x').replace('x', '\ud800')],
    [JSON.stringify('x').replace('x', '\udc00')],
  ])('refuses half a character in %s', (text) => {
    expect(scan(text)).toMatch(/half a character/);
  });

  it('reads an escaped backslash as one', () => {
    expect(scan('"\\\\ud800"')).toBeUndefined();
    expect(scan('"\\ud83d\\ude00"')).toBeUndefined();
  });

  it('refuses what is nested or numerous, and does not count what stands in strings', () => {
    expect(scan('['.repeat(33))).toMatch(/nested/);
    expect(scan(`[${'0,'.repeat(1_000)}0]`)).toMatch(/1000 values/);
    expect(scan(JSON.stringify('[{,'.repeat(5_000)))).toBeUndefined();
  });
});
