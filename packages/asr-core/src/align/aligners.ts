// Places for the words of models that know none: by the aligner of the job's language, opened when it is first needed.

import { type Aligner, openCtcAligner } from '../models/nemo-ctc/aligner.js';
import {
  type ModelDescription,
  type RecognizeOptions,
  type RecognizedSegment,
  type RecognizerTimings,
  type SegmentAudio,
} from '../recognizer.js';

/** The aligners of one model. One instance belongs to one thread. */
export interface Aligners {
  readonly timings: RecognizerTimings;
  /**
   * Places the words of segments in which none has a place; all others, and those of a language without an aligner, stay
   * as they are. `results` and `segments` belong together one by one.
   * @throws AsrError `MODEL_…`, `CANCELLED`, `INFERENCE_FAILED`
   */
  align(
    recognized: { results: RecognizedSegment[]; segments: readonly SegmentAudio[] },
    options: Pick<RecognizeOptions, 'language' | 'isCancelled'>,
  ): Promise<RecognizedSegment[]>;
}

export function createAligners(
  { languages, aligners = [] }: Pick<ModelDescription, 'languages' | 'aligners'>,
  open: (model: ModelDescription) => Promise<Aligner> = openCtcAligner,
): Aligners {
  const opening = new Map<ModelDescription, Promise<Aligner>>();
  const opened: Aligner[] = [];
  let totalMs = 0;

  const obtain = (model: ModelDescription) => {
    const known =
      opening.get(model) ??
      open(model).then((aligner) => {
        opened.push(aligner);
        return aligner;
      });
    opening.set(model, known);
    // The next segment that needs it tries again.
    known.catch(() => opening.delete(model));
    return known;
  };

  return {
    get timings() {
      return { runMs: opened.reduce((sum, { runMs }) => sum + runMs, 0), totalMs };
    },
    async align({ results, segments }, { language: asked, isCancelled }) {
      const language = asked ?? (languages.length === 1 ? languages[0] : undefined);
      const model = aligners.find(
        (one) => language !== undefined && one.languages.includes(language),
      );
      if (language === undefined || !model || !results.some(isUnplaced)) return results;
      const aligner = await obtain(model);
      const started = performance.now();
      const placed: RecognizedSegment[] = [];
      for (const [index, result] of results.entries()) {
        if (!isUnplaced(result)) {
          placed.push(result);
          continue;
        }
        const request = { words: result.words, samples: segments[index]!.samples };
        const words = await aligner.align(request, {
          language,
          ...(isCancelled && { isCancelled }),
        });
        placed.push({ ...result, words });
      }
      totalMs += performance.now() - started;
      return placed;
    },
  };
}

function isUnplaced({ words }: RecognizedSegment): boolean {
  return words.length > 0 && words.every(({ place }) => !place);
}
