import { describe, expect, it } from 'vitest';
import { canonicalLanguage, chooseTrack } from './choose-track.js';
import { type AudioTrack } from './probe-audio.js';

function track(index: number, language?: string, isDefault = false): AudioTrack {
  return {
    index,
    streamIndex: index + 1,
    ...(language !== undefined && { language }),
    codec: 'aac',
    channels: 2,
    sampleRateHz: 48_000,
    isDefault,
    isEncrypted: false,
    startSeconds: 0,
  };
}

describe('chooseTrack', () => {
  const tracks = [
    track(0, 'de'),
    track(1, 'pt-BR'),
    track(2, 'pt'),
    track(3, 'pt', true),
    track(4),
  ];

  it('takes the default track without a wish, and the first where none is marked', () => {
    expect(chooseTrack(tracks, undefined).index).toBe(3);
    expect(chooseTrack([track(0), track(1)], undefined).index).toBe(0);
  });

  it('takes a track by its place', () => {
    expect(chooseTrack(tracks, 4).index).toBe(4);
  });

  it.each([
    ['ger', 0],
    ['DE', 0],
    ['de-AT', 0],
    ['pt-BR', 1],
    ['pt_br', 1],
    ['por', 3],
    ['pt-PT', 3],
  ])('finds the language %s in track %d', (wish, index) => {
    expect(chooseTrack(tracks, wish).index).toBe(index);
  });

  it.each([5, -1, 0.5, 'fr', 'und', 'no language at all', ''])('has no track %j', (wish) => {
    expect(() => chooseTrack(tracks, wish)).toThrow(/it has 0 \(de\), 1 \(pt-BR\)/);
  });
});

describe('canonicalLanguage', () => {
  it('has one spelling per language', () => {
    expect(['eng', 'fre', 'fra', 'chi', 'en-us'].map(canonicalLanguage)).toEqual(
      ['en', 'fr', 'fr', 'zh', 'en-US'], //
    );
  });

  it('knows when nothing is said', () => {
    expect(['und', 'zxx', '', '???', undefined].map(canonicalLanguage)).toEqual(
      Array(5).fill(undefined), //
    );
  });
});
