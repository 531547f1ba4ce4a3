import { openLanePool, type ModelDescription } from '@stenofleet/asr-core';
import { type Contestant } from './contestant.js';

/** How SentencePiece marks the first piece of a word. */

/** Our core: everything is handed over at once. Lanes of this process, so that its processor time counts them. */
export async function openOurCore(model: ModelDescription, laneCount: number): Promise<Contestant> {
  const inference = await openLanePool({ model, laneCount });
  return {
    name: `stenofleet, ${laneCount} ${laneCount === 1 ? 'lane' : 'lanes'}`,
    role: 'ours',
    cores: laneCount,
    async recognizeAll(stretches) {
      // A copy each: `recognize` takes its buffer away.
      const results = await Promise.all(
        stretches.map((samples) => inference.recognize({ samples: samples.slice() })),
      );
      return { words: results.reduce((sum, { words }) => sum + words.length, 0) };
    },
    async getOutsideShare() {
      const { runMs, totalMs } = await inference.getTimings();
      return 1 - runMs / totalMs;
    },
    close: () => inference.close(),
  };
}
