import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinChunks } from '../join-chunks.js';
import { type WordTiming } from '../transcript.js';
import { spreadOverSpeech } from './spread-over-speech.js';

const SPEECH = [
  { startSamples: 1_000, endSamples: 2_000 },
  { startSamples: 5_000, endSamples: 6_000 },
];

describe('estimated words', () => {
  it('share the speech in their room', () => {
    expect(spread([0, 2_000], [2_000, 4_000], [4_000, 8_000])).toEqual([
      [1_000, 1_500],
      [1_500, 2_000],
      [5_000, 6_000],
    ]);
  });

  it('lie in one region, that of their middle', () => {
    expect(spread([0, 5_000], [5_000, 8_000])).toEqual([
      [1_000, 2_000],
      [5_250, 6_000],
    ]);
  });

  it('leave words with times where they are, and keep to the room between them', () => {
    const words = [
      word(900, 1_500, 'aligned'),
      word(1_500, 3_000),
      word(3_000, 5_500),
      word(5_500, 9_000, 'model'),
    ];
    expect(placesOf(spreadOverSpeech(words, SPEECH))).toEqual([
      [900, 1_500],
      [1_500, 1_875],
      [5_000, 5_500],
      [5_500, 9_000],
    ]);
  });

  it('stay where no speech was detected', () => {
    expect(spread([7_000, 8_000])).toEqual([[7_000, 8_000]]);
  });

  it('are moved in every transcript', () => {
    const segment = {
      startSamples: 0,
      endSamples: 8_000,
      audioStartSamples: 0,
      audioEndSamples: 8_000,
      speechSamples: 2_000,
    };
    const heard = { channel: 0, segment, words: [word(0, 4_000), word(4_000, 8_000)] };
    const levels = { samples: 8_000, peak: 0, squareSum: 0, clippedSamples: 0, silentSamples: 0 };
    const { channels } = joinChunks(
      [{ segments: [{ ...heard, guardEvents: [] }], computeSeconds: 0 }],
      { speech: [SPEECH], levels: [levels], durationSamples: 8_000 },
    );
    expect(placesOf(channels[0]!.words)).toEqual([
      [1_000, 2_000],
      [5_000, 6_000],
    ]);
  });

  it('lie inside speech, in order and apart, however they are spread', () => {
    const room = fc.tuple(fc.nat(900), fc.integer({ min: 6_000, max: 9_000 }));
    const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(room, lengths, ([from, until], characters) => {
        const total = characters.reduce((sum, count) => sum + count, 0);
        let before = 0;
        const boundary = () => Math.round(from + ((until - from) * before) / total);
        const words = characters.map((count) => {
          const start = boundary();
          before += count;
          return word(start, boundary());
        });
        let position = 0;
        for (const [start, end] of placesOf(spreadOverSpeech(words, SPEECH))) {
          expect(start).toBeGreaterThanOrEqual(position);
          expect(end).toBeGreaterThanOrEqual(start!);
          const isInside = SPEECH.some((at) => at.startSamples <= start! && end! <= at.endSamples);
          expect(isInside).toBe(true);
          position = end!;
        }
      }),
    );
  });
});

function spread(...places: [number, number][]) {
  return placesOf(
    spreadOverSpeech(
      places.map(([start, end]) => word(start, end)),
      SPEECH,
    ),
  );
}

function placesOf(words: readonly { startSamples: number; endSamples: number }[]) {
  return words.map(({ startSamples, endSamples }) => [startSamples, endSamples]);
}

function word(startSamples: number, endSamples: number, timing: WordTiming = 'estimated') {
  return { text: 'a', startSamples, endSamples, confidence: 1, timing };
}
