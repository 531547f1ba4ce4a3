import { type TranscriptDocument } from '../transcript-document.js';
import { demoNotice, nameChannel } from './notices.js';

/** Plain paragraphs with a blank line between them; a demo model's notice is the last line, in brackets. */
export function formatTxt(document: TranscriptDocument): string {
  const paragraphs = document.segments.map(({ channel, text }) =>
    document.channels === 'separate' && channel !== null
      ? `${nameChannel(channel)}: ${text}`
      : text,
  );
  const notice = demoNotice(document);
  if (notice !== undefined) paragraphs.push(`[${notice}]`);
  return paragraphs.map((paragraph) => `${paragraph}\n`).join('\n');
}
