const LONG_FORMS: Readonly<Record<string, string>> = { mr: 'mister', mrs: 'missus' };

/**
 * Words as the reference figures count them: lower case, letters, digits and inner apostrophes only, `mr` and `mrs`
 * written out. Reference and hypothesis both pass through here.
 */
export function normalizeText(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[^\p{L}\p{N}']+/gu, ' ')
    .replace(/(?<![\p{L}\p{N}])'+|'+(?![\p{L}\p{N}])/gu, ' ')
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => LONG_FORMS[word] ?? word);
}
