import { describe, expect, it } from 'vitest';
import { placeByFrames } from './place-by-frames.js';

const FRAME = 640;

describe('words with frames', () => {
  it('begin with their first piece and sound on for a moment', () => {
    expect(place({ 0: [10, 12] })).toEqual([[10 * FRAME, 12 * FRAME + 2_240]]);
  });

  it('end where the next begins', () => {
    expect(place({ 0: [10, 12], 1: [14, 20] })[0]).toEqual([10 * FRAME, 14 * FRAME]);
  });

  it('end with the audio', () => {
    expect(place({ 0: [97, 100] }, 99.5 * FRAME)).toEqual([[97 * FRAME, 99.5 * FRAME]]);
  });

  it('leave the room behind them to words that have none', () => {
    expect(place({ 0: [10, 12], 2: [13, 20] })).toEqual([
      [10 * FRAME, 12 * FRAME],
      undefined,
      [13 * FRAME, 20 * FRAME + 2_240],
    ]);
  });
});

/** Places of words, of which these have frames. */
function place(frames: Record<number, [number, number]>, lengthSamples = 100 * FRAME) {
  const found = new Map(
    Object.entries(frames).map(([word, [startFrame, endFrame]]) => [
      Number(word),
      { startFrame, endFrame },
    ]),
  );
  const words = Array.from({ length: Math.max(...found.keys()) + 1 }, () => ({
    text: 'a',
    confidence: 1,
  }));
  return placeByFrames(words, found, { samplesPerFrame: FRAME, lengthSamples }).map(
    ({ place: at }) => at && [at.startSamples, at.endSamples],
  );
}
