import { AsrError, cancelled } from '../../errors.js';
import { HOP_SAMPLES } from '../../features/nemo-features.js';
import {
  type DecodingOptions,
  type ModelDescription,
  type Recognizer,
  type RecognizedSegment,
} from '../../recognizer.js';
import { openOnnxSession, readModelText } from '../../runtime/onnx-session.js';
import {
  type PieceTable,
  parsePieceTable,
  parseTokenizerPieces,
} from '../../tokens/piece-table.js';
import { spellTokens } from '../../tokens/spell-tokens.js';
import { splitWords } from '../../tokens/split-words.js';
import { SAMPLE_RATE_HZ } from '../../transcript.js';
import { checkLanguage } from '../check-language.js';
import { describeCapabilities } from '../describe-capabilities.js';
import { parseSwitches } from '../parse-switches.js';
import { requireFile } from '../require-file.js';
import { decodeTokens } from './decode-tokens.js';
import { createCohereGraphs } from './graphs.js';
import { createPromptBuilder } from './prompt.js';
import { cohereSwitches } from './switches.js';

/** Longest audio that the model was made for. */
const MAX_SEGMENT_SECONDS = 35;

type SegmentOptions = DecodingOptions & { language: string; isCancelled: () => boolean };

/** Opens an export of Cohere Transcribe in either form. @throws AsrError */
export async function openCohere(model: ModelDescription): Promise<Recognizer> {
  const { promptTokens, eosBias, tokenTable } = parseSwitches(model, cohereSwitches);
  const { languages, files } = model;
  const pieces = await readPieces(model);
  const prompts = createPromptBuilder(pieces, {
    languages,
    promptTokens,
    tokenTable,
  });
  const encoder = await openOnnxSession(files.encoder);
  const decoder = await openOnnxSession(requireFile(model, 'decoder'));
  const config = files.config === undefined ? undefined : await readModelText(files.config);
  const graphs = await createCohereGraphs({ encoder, decoder }, config);
  if (graphs.numClasses !== pieces.length) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `The decoder has ${graphs.numClasses} classes and the token table ${pieces.length} pieces.`,
    );
  }
  const capabilities = {
    ...describeCapabilities(model),
    languageRequired: true,
    nativeTimes: false,
    maxSegmentSeconds: Math.min(model.maxSegmentSeconds, MAX_SEGMENT_SECONDS),
  };
  let totalMs = 0;

  const recognizeSegment = async (
    samples: Float32Array,
    { isCancelled, ...decoding }: SegmentOptions,
  ): Promise<RecognizedSegment> => {
    if (samples.length > MAX_SEGMENT_SECONDS * SAMPLE_RATE_HZ) {
      throw new AsrError(
        'AUDIO_TOO_LONG',
        `A segment has ${samples.length / SAMPLE_RATE_HZ} seconds; ${model.id} takes at most ${MAX_SEGMENT_SECONDS}.`,
      );
    }
    if (samples.length < HOP_SAMPLES) return { words: [], remarks: [] };
    if (isCancelled()) throw cancelled();
    const encoding = await graphs.encode(samples);
    const prompt = prompts.buildPrompt(decoding);
    const { tokens, endLogProbability } = await decodeTokens(
      graphs.startDecoder(encoding),
      prompt,
      {
        endId: prompts.endId,
        eosBias,
        maxTokens: graphs.contextTokens - prompt.length,
        isCancelled,
      },
    );
    return {
      words: splitWords(spellTokens(tokens, pieces), decoding.language),
      remarks: endLogProbability === undefined ? [{ kind: 'cap-hit', tokens: tokens.length }] : [],
    };
  };

  return {
    capabilities,
    batchSize: 1,
    get timings() {
      return { runMs: encoder.runMs + decoder.runMs, totalMs };
    },
    async recognize(segments, { isCancelled = () => false, ...decoding } = {}) {
      checkLanguage(capabilities, decoding.language);
      // The check has seen to it that there is one.
      const language = decoding.language!;
      const started = performance.now();
      const results: RecognizedSegment[] = [];
      for (const { samples } of segments) {
        results.push(await recognizeSegment(samples, { ...decoding, language, isCancelled }));
      }
      totalMs += performance.now() - started;
      return results;
    },
    async close() {
      await encoder.close();
      await decoder.close();
    },
  };
}

async function readPieces(model: ModelDescription): Promise<PieceTable> {
  const { vocabulary, tokenizer } = model.files;
  if (vocabulary === undefined && tokenizer !== undefined) {
    return parseTokenizerPieces(await readModelText(tokenizer));
  }
  return parsePieceTable(await readModelText(requireFile(model, 'vocabulary')));
}
