// Types of what is used of @huggingface/tokenizers, whose own import each other without file extensions and so do not
// resolve; the root tsconfig.json maps the package to this file.

export class Tokenizer {
  /** Contents of `tokenizer.json` and `tokenizer_config.json`. */
  constructor(tokenizer: object, config: object);
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
  token_to_id(token: string): number | undefined;
  get_vocab(): Map<string, number>;
}
