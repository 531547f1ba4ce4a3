import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { AsrError } from '../../errors.js';

/** Byte-level BPE, both ways; one instance may serve many segments. */
export interface GraniteTokenizer {
  /** Fills the slots of the editor's input, and stands for nothing in its output. */
  readonly endTokenId: number;
  readonly vocabularySize: number;
  /** Ids of a text exactly as it is: nothing is added. */
  encode(text: string): number[];
  /** All bytes together as UTF-8; special tokens become nothing, and no space is tidied away. */
  decode(ids: readonly number[]): string;
}

/** A special token is named by its text, or by an object that has it. */
const configSchema = z.looseObject({
  eos_token: z.union([z.string(), z.looseObject({ content: z.string() })]),
});

/** From `tokenizer.json` and `tokenizer_config.json`. @throws AsrError `MODEL_FILE_UNREADABLE` */
export function parseTokenizer(tokenizerText: string, configText: string): GraniteTokenizer {
  let tokenizer: Tokenizer;
  let endTokenId: number | undefined;
  try {
    const config = configSchema.parse(JSON.parse(configText));
    tokenizer = new Tokenizer(JSON.parse(tokenizerText) as object, config);
    const { eos_token: end } = config;
    endTokenId = tokenizer.token_to_id(typeof end === 'string' ? end : end.content);
  } catch (cause) {
    throw new AsrError('MODEL_FILE_UNREADABLE', 'The tokenizer files are not valid.', { cause });
  }
  if (endTokenId === undefined) {
    throw new AsrError('MODEL_FILE_UNREADABLE', 'The tokenizer does not have its end token.');
  }
  return {
    endTokenId,
    vocabularySize: tokenizer.get_vocab().size,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) =>
      // The library refuses to decode nothing.
      ids.length === 0
        ? ''
        : tokenizer.decode([...ids], {
            skip_special_tokens: true,
            clean_up_tokenization_spaces: false,
          }),
  };
}
