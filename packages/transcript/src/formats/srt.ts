// SubRip has no specification and no comments. Lines end in \n (every current player takes it); there is no byte
// order mark; no cue gives an empty file.
import { type Cue } from '../cues/cue.js';
import { type TranscriptDocument } from '../transcript-document.js';
import { demoNotice } from './notices.js';
import { formatTimestamp } from './timestamp.js';

const NOTICE_DURATION_MS = 2000;
const NOTICE_GAP_MS = 83;

/**
 * SubRip subtitles. For a demo model a last cue of two seconds after all others says so; it is the one cue that may
 * end after the recording.
 */
export function formatSrt(document: TranscriptDocument, cues: readonly Cue[]): string {
  const notice = demoNotice(document);
  const all = notice === undefined ? cues : [...cues, createNoticeCue(notice, cues.at(-1))];
  return all.map(formatCue).join('\n');
}

function createNoticeCue(notice: string, last: Cue | undefined): Cue {
  const startMs = last === undefined ? 0 : last.endMs + NOTICE_GAP_MS;
  const lines = notice.split(/(?<=,) /u);
  return { startMs, endMs: startMs + NOTICE_DURATION_MS, lines, channel: null };
}

function formatCue({ startMs, endMs, lines }: Cue, index: number): string {
  const times = `${formatTimestamp(startMs, ',')} --> ${formatTimestamp(endMs, ',')}`;
  return `${index + 1}\n${times}\n${lines.map(disarm).join('\n')}\n`;
}

/** SubRip has no escapes: what a player would take for an arrow, a tag or a style gets a look-alike. */
function disarm(line: string): string {
  return line
    .replace(/-{2,}>/gu, '→')
    .replace(/<(?=[\p{L}/!])/gu, '‹')
    .replace(/\{(?=\\)/gu, '(');
}
