// What a reader of any format must be told about how the text was made.
import { type TranscriptDocument, type TranscriptFlag } from '../transcript-document.js';

/** "Made with the demo model …" for a demo model's document, else undefined. */
export function demoNotice({ provenance: { model } }: TranscriptDocument): string | undefined {
  return model.demo
    ? `Made with the demo model ${model.id}, for trying Stenofleet only`
    : undefined;
}

/** The demo notice and every flag, one plain line each. */
export function listNotices(document: TranscriptDocument): string[] {
  const demo = demoNotice(document);
  const flags = document.flags.filter((flag) => flag.code !== 'DEMO_MODEL' || demo === undefined);
  const lines = [...(demo === undefined ? [] : [`${demo}.`]), ...flags.map(describeFlag)];
  return lines.map((line) => line.replace(/\s+/gu, ' '));
}

function describeFlag({ code, message, start, end }: TranscriptFlag): string {
  if (start === undefined) return `${code}: ${message}`;
  const until = end === undefined ? '' : ` to ${end} s`;
  return `${code} at ${start} s${until}: ${message}`;
}

/** Channels count from 1 for a reader. */
export function nameChannel(channel: number): string {
  return `Channel ${channel + 1}`;
}
