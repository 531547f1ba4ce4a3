import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipToSpeech } from './clip-to-speech.js';

const SPEECH = [
  { startSamples: 10_000, endSamples: 20_000 },
  { startSamples: 40_000, endSamples: 60_000 },
];

describe('words clipped to speech', () => {
  it.each([
    ['begins in the silence before', [2_000, 14_000], [8_400, 14_000]],
    ['ends in the silence behind', [15_000, 30_000], [15_000, 21_600]],
    ['lies inside', [12_000, 15_000], [12_000, 15_000]],
    ['spans a pause', [15_000, 45_000], [15_000, 45_000]],
    ['lies far from speech', [22_000, 27_000], [22_000, 27_000]],
    ['lies wholly in the silence just before', [3_000, 5_000], [8_400, 13_200]],
    ['lies behind all speech', [70_000, 71_000], [70_000, 71_000]],
  ])('are right where a word %s', (_, [start, end], expected) => {
    const [word] = clip([[start!, end!]]);
    expect([word!.startSamples, word!.endSamples]).toEqual(expected);
  });

  it('stay in order and have no negative length', () => {
    const words = fc.array(fc.tuple(fc.nat(9_000), fc.nat(9_000)), { maxLength: 30 });
    fc.assert(
      fc.property(words, (pairs) => {
        let position = 0;
        const made = pairs.map(([pause, length]): [number, number] => {
          const start = position + pause;
          position = start + length;
          return [start, position];
        });
        const clipped = clip(made);
        let lastStart = 0;
        for (const { startSamples, endSamples } of clipped) {
          expect(startSamples).toBeGreaterThanOrEqual(lastStart);
          expect(endSamples).toBeGreaterThanOrEqual(startSamples);
          lastStart = startSamples;
        }
      }),
    );
  });
});

function clip(times: [number, number][]) {
  return clipToSpeech(
    times.map(([startSamples, endSamples]) => ({
      text: 'a',
      startSamples,
      endSamples,
      confidence: 1,
      timing: 'model' as const,
    })),
    SPEECH,
  );
}
