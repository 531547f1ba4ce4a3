// A CTC model as an aligner: known words and their audio in, places out (docs/models/alignment.md).

import { forceAlign } from '../../align/forced-align.js';
import { buildLattice, indexSpellings } from '../../align/lattice.js';
import { placeByFrames } from '../../align/place-by-frames.js';
import { spellWord } from '../../align/spell-word.js';
import { AsrError } from '../../errors.js';
import { type ModelDescription, type SegmentWord } from '../../recognizer.js';
import { SAMPLE_RATE_HZ } from '../../transcript.js';
import { computeInWindows } from './compute-in-windows.js';
import { openCtcEncoder } from './encoder.js';

/** The words of a stretch of audio, in order; samples are mono, −1…1, 16 kHz, and stay as they are. */
export type AlignRequest = { words: readonly SegmentWord[]; samples: Float32Array };

export type AlignOptions = {
  /** BCP 47 code; decides how numbers are said. */
  language: string;
  /** Checked between model runs; throws `CANCELLED` when it answers true. */
  isCancelled?: () => boolean;
};

/** Finds where words are said. One instance belongs to one thread. */
export interface Aligner {
  readonly runMs: number;
  /**
   * The same words with places; without one is a word of which nothing can be spelled, and every word where the text
   * does not fit into the audio.
   * @throws AsrError `CANCELLED`, `INFERENCE_FAILED`
   */
  align(request: AlignRequest, options: AlignOptions): Promise<SegmentWord[]>;
  close(): Promise<void>;
}

/** Opens a CTC model as an aligner. @throws AsrError `MODEL_…` */
export async function openCtcAligner(model: ModelDescription): Promise<Aligner> {
  if (model.family !== 'nemo-ctc') {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `${model.id} cannot align words: it is of the family ${model.family}, and aligners are of nemo-ctc.`,
    );
  }
  const encoder = await openCtcEncoder(model);
  const { samplesPerFrame, vocabulary } = encoder;
  const spellings = indexSpellings(vocabulary);
  const maxFrames = Math.floor((model.maxSegmentSeconds * SAMPLE_RATE_HZ) / samplesPerFrame);

  return {
    get runMs() {
      return encoder.runMs;
    },
    async align({ words, samples }, { language, isCancelled = () => false }) {
      const logProbabilities = await computeInWindows(encoder, samples, { maxFrames, isCancelled });
      const spelled = words.map(({ text }) => spellWord(text, language));
      const lattice = buildLattice(spelled, { spellings, blankId: vocabulary.blankId });
      const found = forceAlign(logProbabilities, lattice) ?? new Map();
      return placeByFrames(words, found, { samplesPerFrame, lengthSamples: samples.length });
    },
    close: () => encoder.close(),
  };
}
