import { createAudioDecoder, transcribeAudio, type Inference } from '@stenofleet/asr-core';
import { type Recording } from '../measure/corpus.js';

/**
 * The stretches of speech that our detector and segmenter find: what a model is given. Recordings are taken until
 * their speech reaches `maxSeconds`.
 */
export async function cutSpeech(
  recordings: readonly Recording[],
  { inference, maxSeconds }: { inference: Inference; maxSeconds: number },
): Promise<Float32Array[]> {
  const stretches: Float32Array[] = [];
  // Hears speech as ever, but keeps what it should recognise.
  const collector: Inference = {
    laneCount: inference.laneCount,
    capabilities: inference.capabilities,
    budget: inference.budget,
    listen: () => inference.listen(),
    recognize({ samples }) {
      stretches.push(samples);
      return Promise.resolve({ words: [], remarks: [], computeMs: 0 });
    },
    getTimings: () => inference.getTimings(),
    close: () => Promise.resolve(),
  };
  const decoder = createAudioDecoder();
  for (const { path, channels } of recordings) {
    if (countSeconds(stretches) >= maxSeconds) break;
    const audio = await decoder.openAudio(path, { channels });
    await transcribeAudio(audio.blocks(), collector);
  }
  return stretches;
}

export function countSeconds(stretches: readonly Float32Array[]): number {
  return stretches.reduce((sum, { length }) => sum + length, 0) / 16_000;
}
