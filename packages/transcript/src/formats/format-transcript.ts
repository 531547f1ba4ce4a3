import { type CueRules } from '../cues/cue.js';
import { type TranscriptDocument } from '../transcript-document.js';
import { formatJson } from './json.js';
import { formatSrt } from './srt.js';
import { formatTxt } from './txt.js';
import { formatVtt } from './vtt.js';

export const transcriptFormats = ['json', 'srt', 'vtt', 'txt'] as const;
export type TranscriptFormat = (typeof transcriptFormats)[number];

export const transcriptFileExtensions: Record<TranscriptFormat, string> = {
  json: '.json',
  srt: '.srt',
  vtt: '.vtt',
  txt: '.txt',
};

export type FormatOptions = {
  /** For the subtitle formats. @defaultValue `defaultCueRules` */
  cueRules?: Partial<CueRules>;
};

/** Writes a document as the text of a file, UTF-8 without byte order mark, lines ending in \n. */
export function formatTranscript(
  document: TranscriptDocument,
  format: TranscriptFormat,
  { cueRules = {} }: FormatOptions = {},
): string {
  switch (format) {
    case 'json':
      return formatJson(document);
    case 'srt':
      return formatSrt(document, cueRules);
    case 'vtt':
      return formatVtt(document, cueRules);
    case 'txt':
      return formatTxt(document);
  }
}
