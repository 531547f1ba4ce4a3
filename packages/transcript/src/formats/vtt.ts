import { type Cue } from '../cues/cue.js';
import { type TranscriptDocument } from '../transcript-document.js';
import { listNotices, nameChannel } from './notices.js';
import { formatTimestamp } from './timestamp.js';

/** WebVTT: notices in a NOTE block, and a voice tag on each channel's text where channels were kept apart. */
export function formatVtt(document: TranscriptDocument, cues: readonly Cue[]): string {
  const notices = listNotices(document);
  const blocks = ['WEBVTT\n'];
  if (notices.length > 0) blocks.push(`NOTE\n${notices.map(disarmNote).join('\n')}\n`);
  blocks.push(...cues.map(formatCue));
  return blocks.join('\n');
}

function formatCue(cue: Cue): string {
  const times = `${formatTimestamp(cue.startMs, '.')} --> ${formatTimestamp(cue.endMs, '.')}`;
  return `${times}\n${formatText(cue)}\n`;
}

function formatText({ lines, channel, dialogue }: Cue): string {
  const escaped = lines.map(escapeText);
  if (dialogue !== undefined) {
    return escaped.map((line, index) => tagVoice(line, dialogue[index] ?? null)).join('\n');
  }
  return tagVoice(escaped.join('\n'), channel);
}

function tagVoice(text: string, channel: number | null): string {
  return channel === null ? text : `<v ${nameChannel(channel)}>${text}</v>`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A note ends where an arrow stands. */
function disarmNote(line: string): string {
  return line.replace(/-{2,}>/gu, '→');
}
