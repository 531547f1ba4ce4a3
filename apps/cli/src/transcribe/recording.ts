import { createHash } from 'node:crypto';

/** What is to be transcribed, as the user named it. */
export type Recording = {
  /** For the terminal and for events. Holds no password and no query of an address. */
  shown: string;
  /** File name, such as `talk.mp3`. */
  name: string;
} & (
  | {
      kind: 'file';
      /** Absolute. */
      path: string;
      /** Folder between the folder (or glob's base) that was named and the file; empty for a file that was named. */
      below: string;
      /** Name of that folder, or of the one in which a named file lies: it tells `a/talk.mp3` and `b/talk.mp3` apart. */
      root: string;
    }
  | { kind: 'url'; url: string }
);

/** Tells recordings apart from one run to the next; an address may hold secrets and is kept only as a hash. */
export function getSourceId(recording: Recording): string {
  return recording.kind === 'file'
    ? `file:${recording.path}`
    : `url:${createHash('sha256').update(recording.url).digest('hex')}`;
}

/** A part of an address as a person reads it; a stray `%` stays as it is. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
