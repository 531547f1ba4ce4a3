// What the decoder is told before it begins: docs/models/cohere.md, "Prompt". Ids come from the model's own table.

import { AsrError } from '../../errors.js';
import { type DecodingOptions } from '../../recognizer.js';
import { type PieceTable } from '../../tokens/piece-table.js';
import { type CohereSwitches } from './switches.js';

/** Ids of the published model. */
const KNOWN_LANGUAGES: Readonly<Record<string, number>> = {
  ar: 28,
  de: 76,
  el: 77,
  en: 62,
  es: 169,
  fr: 69,
  it: 97,
  ja: 98,
  ko: 110,
  nl: 60,
  pl: 148,
  pt: 149,
  vi: 194,
  zh: 50,
};
const KNOWN_PIECES: Readonly<Record<string, number>> = {
  '<unk>': 0,
  '<|nospeech|>': 1,
  '<pad>': 2,
  '<|endoftext|>': 3,
  '<|startoftranscript|>': 4,
  '<|pnc|>': 5,
  '<|nopnc|>': 6,
  '<|startofcontext|>': 7,
  '<|itn|>': 8,
  '<|noitn|>': 9,
  '<|notimestamp|>': 11,
  '<|nodiarize|>': 13,
  '<|emo:undefined|>': 16,
  '\u2581': 13_764,
};
const KNOWN_SIZE = 16_384;

const END = '<|endoftext|>';

export type PromptBuilder = {
  /** Id of the token that ends a text. */
  endId: number;
  /** Token ids of the prompt. The language is one that the builder was made for. */
  buildPrompt: (options: DecodingOptions & { language: string }) => number[];
};

/**
 * Resolves every token that a prompt in one of the languages can have.
 * @throws AsrError `MODEL_CONTRACT_MISMATCH` where one is missing, or the table is not the known one and should be
 */
export function createPromptBuilder(
  pieces: PieceTable,
  options: { languages: readonly string[] } & Pick<CohereSwitches, 'promptTokens' | 'tokenTable'>,
): PromptBuilder {
  const { languages, promptTokens, tokenTable } = options;
  if (tokenTable === 'known') checkKnownTable(pieces, languages);
  // A piece may have several ids; the last is the one that is meant.
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const idOf = (piece: string): number => {
    const id = tokenTable === 'known' ? (KNOWN_PIECES[piece] ?? ids.get(piece)) : ids.get(piece);
    if (id !== undefined) return id;
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `The token table has no piece "${piece}", which the prompt needs.`,
    );
  };
  const builder: PromptBuilder = {
    endId: idOf(END),
    buildPrompt({ language, punctuation = true, inverseTextNormalization = false }) {
      const prompt = [
        '<|startofcontext|>',
        '<|startoftranscript|>',
        '<|emo:undefined|>',
        // Source and target: any other target would ask for a translation, which nobody trained.
        `<|${language}|>`,
        `<|${language}|>`,
        punctuation ? '<|pnc|>' : '<|nopnc|>',
        inverseTextNormalization ? '<|itn|>' : '<|noitn|>',
        '<|notimestamp|>',
        '<|nodiarize|>',
      ];
      return (promptTokens === 10 ? ['\u2581', ...prompt] : prompt).map(idOf);
    },
  };
  // What is missing is found now and not in the middle of a job.
  for (const language of languages) {
    builder.buildPrompt({ language });
    builder.buildPrompt({ language, punctuation: false, inverseTextNormalization: true });
  }
  return builder;
}

/** A table that merely resembles the known one gives fluent wrong text. */
function checkKnownTable(pieces: PieceTable, languages: readonly string[]): void {
  const known = { ...KNOWN_PIECES };
  for (const [language, id] of Object.entries(KNOWN_LANGUAGES)) known[`<|${language}|>`] = id;
  const untrained = languages.filter((language) => !(language in KNOWN_LANGUAGES));
  const moved = Object.entries(known).filter(([piece, id]) => pieces[id] !== piece);
  const complaint =
    untrained.length > 0
      ? `The model is not trained on ${untrained.join(', ')}, only on ${Object.keys(KNOWN_LANGUAGES).join(', ')}`
      : moved.length > 0
        ? `The token table does not have ${moved.map(([piece, id]) => `${piece} at ${id}`).join(', ')}`
        : pieces.length !== KNOWN_SIZE
          ? `The token table has ${pieces.length} pieces instead of ${KNOWN_SIZE}`
          : undefined;
  if (complaint === undefined) return;
  throw new AsrError(
    'MODEL_CONTRACT_MISMATCH',
    `${complaint}. For a model with a table of its own set the switch tokenTable to "own".`,
  );
}
