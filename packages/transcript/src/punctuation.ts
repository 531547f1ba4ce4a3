// What the end of a word says about the text after it, for the scripts of the models' languages.

const CLOSERS = `["'”’»›)\\]」』]*$`;
const SENTENCE_END = new RegExp(`[.!?…。！？｡؟।۔]${CLOSERS}`, 'u');
/** "Is it on?" he asks. · Well… perhaps. */
const MAY_GO_ON = /[…"'”’»›)]$/u;
const CLAUSE_END = new RegExp(`[;:—–；：؛]${CLOSERS}`, 'u');
const COMMA_END = new RegExp(`[,，、،]${CLOSERS}`, 'u');
const ABBREVIATION =
  /^(?:mr|mrs|ms|dr|prof|st|sr|sra|mme|vs|no|nr|bzw|ca|\p{Lu}|(?:\p{L}\.)+\p{L})\.$/iu;
const STARTS_LOWER_CASE = /^\p{Ll}/u;

/** Whether a full stop after this word belongs to the word itself. */
export function isAbbreviation(text: string, next: string): boolean {
  return text.endsWith('.') && (ABBREVIATION.test(text) || STARTS_LOWER_CASE.test(next));
}

/** Whether a sentence ends with `text`, given the word after it (empty at the end). */
export function endsSentence(text: string, next: string): boolean {
  if (!SENTENCE_END.test(text) || isAbbreviation(text, next)) return false;
  return !(MAY_GO_ON.test(text) && STARTS_LOWER_CASE.test(next));
}

/** Whether at least a clause ends with `text`, given the word after it. */
export function endsClause(text: string, next: string): boolean {
  if (isAbbreviation(text, next)) return false;
  return CLAUSE_END.test(text) || SENTENCE_END.test(text);
}

export function endsWithComma(text: string): boolean {
  return COMMA_END.test(text);
}
