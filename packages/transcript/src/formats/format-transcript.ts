import { type Cue, type CueRules } from '../cues/cue.js';
import { planCues } from '../cues/plan-cues.js';
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
  options: FormatOptions = {},
): string {
  return createTranscriptFormatter(document, options)(format);
}

/** As {@link formatTranscript}, for several formats of one document: its cues are planned once. */
export function createTranscriptFormatter(
  document: TranscriptDocument,
  { cueRules = {} }: FormatOptions = {},
): (format: TranscriptFormat) => string {
  let cues: readonly Cue[] | undefined;
  const obtainCues = () => (cues ??= planCues(document, cueRules));
  return (format) => {
    switch (format) {
      case 'json':
        return formatJson(document);
      case 'srt':
        return formatSrt(document, obtainCues());
      case 'vtt':
        return formatVtt(document, obtainCues());
      case 'txt':
        return formatTxt(document);
    }
  };
}
