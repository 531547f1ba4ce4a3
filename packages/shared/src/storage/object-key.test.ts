import { describe, expect, it } from 'vitest';
import { checkFolderPrefix, compareKeys, sortKeys } from './object-key.js';

const keys = ['a', 'a-', 'a/', 'a/b', 'b', '\u{10000}', '\uffe6', '\ud7ff', 'aé', 'a\u{1f600}b'];

describe('the order of keys', () => {
  it('is that of their UTF-8 bytes', () => {
    const bytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...keys].sort(compareKeys)).toEqual(bytes);
    expect(sortKeys([...keys])).toEqual(bytes);
    expect(sortKeys(['b', 'a/', 'a-', 'a.'])).toEqual(['a-', 'a.', 'a/', 'b']);
  });
});

describe('a folder to delete', () => {
  it.each(['', '/', 'job-1', '../', 'a/../'])('is not %j', (prefix) => {
    expect(() => {
      checkFolderPrefix(prefix);
    }).toThrow(expect.objectContaining({ code: 'PATH_FORBIDDEN' }) as Error);
  });
});
