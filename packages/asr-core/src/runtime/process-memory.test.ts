import { describe, expect, it } from 'vitest';
import { parsePrivateBytes, readPrivateBytes } from './process-memory.js';

describe('private memory', () => {
  it('is the sum of what Linux calls private', () => {
    const rollup = [
      '555f11bee000-7fff1e33c000 ---p 00000000 00:00 0                          [rollup]',
      'Rss:                1744 kB',
      'Shared_Clean:       1588 kB',
      'Private_Clean:        40 kB',
      'Private_Dirty:       116 kB',
      'Private_Hugetlb:       4 kB',
    ].join('\n');
    expect(parsePrivateBytes(rollup)).toBe(160 * 1024);
  });

  it('is unknown where there is no process, or the system does not tell', async () => {
    expect(await readPrivateBytes(undefined)).toBeUndefined();
    expect(await readPrivateBytes(2 ** 30)).toBeUndefined();
    expect(parsePrivateBytes('')).toBeUndefined();
  });
});
