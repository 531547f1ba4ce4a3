import { describe, expect, it } from 'vitest';
import { type GuardEvent } from './guards/guard-event.js';
import { joinChunks } from './join-chunks.js';
import { type ChunkResult } from './recognize-segments.js';
import { SECOND } from './testing/fake-inference.js';

const stretch = (start: number, end: number) => ({
  startSamples: start * SECOND,
  endSamples: end * SECOND,
});
const levels = (peak: number) => ({
  ...{ samples: 60 * SECOND, peak, squareSum: 1, clippedSamples: 0, silentSamples: 0 },
});
const event = (guard: GuardEvent['guard'], start: number): GuardEvent => ({
  ...{ guard, outcome: 'kept', ...stretch(start, start + 1) },
});

/** A segment with a word at each of these seconds. */
function hear(
  [start, end]: readonly [number, number],
  { channel = 0, words = [] as number[], guardEvents = [] as GuardEvent[] } = {},
): ChunkResult['segments'][number] {
  const { startSamples, endSamples } = stretch(start, end);
  return {
    channel,
    segment: {
      ...{ startSamples, endSamples, audioStartSamples: startSamples, audioEndSamples: endSamples },
      speechSamples: endSamples - startSamples,
    },
    words: words.map((at) => ({
      ...{ text: 'word', ...stretch(at, at + 0.5), confidence: 1, timing: 'model' },
    })),
    guardEvents,
  };
}

describe('the chunks of a recording', () => {
  it('give each channel its words, guard events and levels', () => {
    const repeats = event('repetition', 1);
    const silent = event('no-words', 31);
    const chunks: ChunkResult[] = [
      {
        segments: [
          hear([0, 10], { words: [2], guardEvents: [repeats] }),
          hear([0, 10], { channel: 1, words: [3, 4] }),
        ],
        computeSeconds: 1,
      },
      { segments: [hear([30, 40], { channel: 1, guardEvents: [silent] })], computeSeconds: 1 },
    ];
    const { channels } = joinChunks(chunks, {
      durationSamples: 60 * SECOND,
      speech: [[stretch(0, 10)], [stretch(0, 10), stretch(30, 40)]],
      levels: [levels(0.1), levels(0.2)],
    });
    expect(channels.map(({ words }) => words.length)).toEqual([1, 2]);
    expect(channels.map(({ guardEvents }) => guardEvents)).toEqual([[repeats], [silent]]);
    expect(channels.map(({ levels }) => levels.peak)).toEqual([0.1, 0.2]);
  });

  it('tell a hole between words of one segment, and speech of a chunk that is missing', () => {
    const heard = hear([0, 20], { words: [0, 1, 2, 12, 13, 14] });
    const { channels } = joinChunks([{ segments: [heard], computeSeconds: 1 }], {
      durationSamples: 60 * SECOND,
      speech: [[stretch(0, 14.5), stretch(40, 44)]],
      levels: [levels(0.1)],
    });
    expect(channels[0]!.uncovered.stretches).toEqual([stretch(2.75, 11.75), stretch(40, 44)]);
  });
});
