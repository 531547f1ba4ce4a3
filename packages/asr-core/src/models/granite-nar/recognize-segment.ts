import { ROW_SAMPLES } from '../../features/granite-features.js';
import { type DecodingRemark, type RecognizedSegment } from '../../recognizer.js';
import { BLOCK_ROWS } from './contract.js';
import { decodeFeatures } from './decode-features.js';
import { type GraniteModel } from './open-model.js';
import { computeDraftWords, computeEditedWords } from './words.js';

/** An edited text that differs from its draft in more than this share of words is remarked on; the guards judge it. */
const REMARKED_SHARE = 0.1;

/** Samples of one segment to its words; audio too short for the editor has none. @throws AsrError `CANCELLED` */
export async function recognizeSegment(
  model: GraniteModel,
  { samples, isCancelled }: { samples: Float32Array; isCancelled: () => boolean },
): Promise<RecognizedSegment> {
  const { extractor, tokenizer, switches } = model;
  const heard = switches.wholeBlocks === 'shorten' ? shortenWholeBlocks(samples) : samples;
  const decoding = await decodeFeatures(model, extractor.computeFeatures(heard), isCancelled);
  if (!decoding) return { words: [], remarks: [] };
  const draft = computeDraftWords(decoding.draft, tokenizer, { lengthSamples: samples.length });
  const { words, differingShare } = computeEditedWords(decoding.tokens, tokenizer, { draft });
  const remarks: DecodingRemark[] =
    differingShare > REMARKED_SHARE ? [{ kind: 'draft-differs', share: differingShare }] : [];
  // An editor that takes everything away has failed: the draft is an excellent transcript by itself.
  return { words: words.length === 0 ? draft : words, remarks };
}

/** Audio whose rows fill the encoder's blocks exactly loses its last row. */
function shortenWholeBlocks(samples: Float32Array): Float32Array {
  const numRows = Math.floor(samples.length / ROW_SAMPLES);
  return numRows > 0 && numRows % BLOCK_ROWS === 0
    ? samples.subarray(0, samples.length - ROW_SAMPLES)
    : samples;
}
