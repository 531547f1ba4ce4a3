import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatObjectUrl, parseObjectKey } from './object-url.js';

const key = 'shelf A/Episode #5 100%.srt';

describe('the address of an object', () => {
  it.each(['file:///data/results', 's3://bucket/results'])('leads back to its key: %s', (store) => {
    expect(parseObjectKey(store, formatObjectUrl(store, key))).toBe(key);
    expect(parseObjectKey(store, `${store}-other/x`)).toBeUndefined();
  });

  it('is one that every program reads', () => {
    expect(fileURLToPath(formatObjectUrl('file:///data/results', key))).toBe(
      `/data/results/${key}`,
    );
    expect(parseObjectKey('file:///data', 'file:///data/100%')).toBeUndefined();
  });
});
