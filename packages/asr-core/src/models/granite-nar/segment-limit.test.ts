import { describe, expect, it } from 'vitest';
import { computeMaxSegmentSeconds } from './segment-limit.js';

const GIB = 2 ** 30;
/** Of the published model. */
const VOCABULARY = 100_352;
const INT8_BYTES = 2.5e9;

describe('the longest segment', () => {
  it.each([
    ["is the tier's where there is memory", { memoryBytes: 64 * GIB, tierSeconds: 30 }, 30],
    ['is shorter where there is little', { memoryBytes: 6 * GIB, tierSeconds: 30 }, 14],
    ['is not worthless where there is none', { memoryBytes: GIB, tierSeconds: 30 }, 5],
    ['leaves the editor its positions', { memoryBytes: 512 * GIB, tierSeconds: 300 }, 117],
  ])('%s', (_, { memoryBytes, tierSeconds }, seconds) => {
    expect(
      computeMaxSegmentSeconds({
        tierSeconds,
        vocabularySize: VOCABULARY,
        modelBytes: INT8_BYTES,
        machine: { cpus: 2, memoryBytes },
      }),
    ).toBe(seconds);
  });
});
