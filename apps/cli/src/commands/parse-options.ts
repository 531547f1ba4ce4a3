// Options that several commands take.

import { type TranscriptFormat, transcriptFormats } from '@stenofleet/transcript';
import { InvalidArgumentError } from 'commander';

export function parseFormats(list: string): TranscriptFormat[] {
  return list.split(',').map((part) => {
    const name = part.trim().toLowerCase();
    const format = transcriptFormats.find((known) => known === name);
    if (format !== undefined) return format;
    throw new InvalidArgumentError(
      `There is no format "${name}"; known are ${transcriptFormats.join(', ')}.`,
    );
  });
}

export function parseTrack(track: string): number | string {
  return /^\d+$/.test(track) ? Number(track) : track;
}

export function parseLanguage(code: string): string {
  try {
    return Intl.getCanonicalLocales(code.replaceAll('_', '-'))[0] ?? code;
  } catch {
    throw new InvalidArgumentError('A language is a code such as en or pt-BR.');
  }
}

/** Of an option that may be repeated. */
export function addToList(text: string, others: string[] = []): string[] {
  return [...others, text];
}
