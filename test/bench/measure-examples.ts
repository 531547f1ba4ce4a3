import { type Inference } from '@stenofleet/asr-core';
import { readClipRecording } from '../measure/corpus.js';
import { computeErrorRate, sumErrors } from '../measure/word-errors.js';
import { checkAtMost, type Finding } from './finding.js';
import { measureClips } from './measure-clips.js';
import { percent } from './table.js';

const EXAMPLES = ['podcast.mp3', 'call.wav', 'film.mp4'];
const MAX_ERROR_RATE = 6;

/** The three recordings that come with the project, taken together. */
export async function measureExamples(
  folder: string,
  context: { inference: Inference; name: string },
): Promise<Finding> {
  const recordings = await Promise.all(EXAMPLES.map((file) => readClipRecording(folder, file)));
  const { finding, measured } = await measureClips(
    recordings.map((recording) => ({ recording, bounds: {} })),
    context,
  );
  const rate = computeErrorRate(sumErrors(measured.map(({ errors }) => errors)));
  const bound = { measured: rate, bound: MAX_ERROR_RATE, format: percent };
  return {
    ...finding,
    checks: [...finding.checks, checkAtMost(`${context.name}: WER of the three examples`, bound)],
  };
}
