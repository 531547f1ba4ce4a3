/** The sentence of the command line's parser, as ours: with a code, and a hint where a recording was meant. */
export function describeUsageError(text: string): string {
  const sentence = text.replace(/^error: /, 'OPTION_INVALID: ');
  const unknown = /^error: unknown option '([^']+)'\n$/.exec(text)?.[1];
  if (unknown === undefined) return sentence;
  return `${sentence.trimEnd()}: a recording of that name is named as ./${unknown}, or after --\n`;
}
