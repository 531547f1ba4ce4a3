import { describe, expect, it } from 'vitest';
import { endsInsideOggPage } from './ogg.js';

function page(...segments: number[]): number[] {
  const header = [...Array.from('OggS', (c) => c.charCodeAt(0)), 0, ...Array<number>(21).fill(7)];
  const body = Array<number>(segments.reduce((sum, n) => sum + n, 0)).fill(9);
  return [...header, segments.length, ...segments, ...body];
}

describe('endsInsideOggPage', () => {
  const file = Uint8Array.from([...page(30), ...page(255, 255, 12)]);

  it('is content with whole pages', () => {
    expect(endsInsideOggPage(file)).toBe(false);
    expect(endsInsideOggPage(file.subarray(3))).toBe(false);
  });

  it('sees every cut in the last page', () => {
    const lastPage = page(30).length;
    for (let length = lastPage + 5; length < file.length; length++) {
      expect(endsInsideOggPage(file.subarray(0, length))).toBe(true);
    }
  });

  it('claims nothing where there is no page', () => {
    expect(endsInsideOggPage(new Uint8Array(1000))).toBe(false);
    expect(endsInsideOggPage(new Uint8Array())).toBe(false);
  });
});
