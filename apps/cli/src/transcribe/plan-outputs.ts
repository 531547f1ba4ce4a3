// Where each recording's transcript goes. Pure: who owns what is already there is told, not looked up.

import { dirname, join, parse } from 'node:path';
import { transcriptFileExtensions, type TranscriptFormat } from '@stenofleet/transcript';
import { CliError } from '../cli-error.js';
import { type Recording } from './recording.js';

export type Output = { format: TranscriptFormat; path: string };

export type OutputPlan = {
  recording: Recording;
  /** Path of the outputs without their extension. */
  base: string;
  outputs: Output[];
};

export type OutputPlanOptions = {
  /** In the order in which they are published. */
  formats: readonly TranscriptFormat[];
  /** Absolute. @defaultValue beside the recording; for addresses, `cwd` */
  outDir?: string | undefined;
  cwd: string;
  /** Bases (`folder/talk`) under which something lies that is not this recording's transcript. */
  takenBases?: ReadonlySet<string>;
  /** Where a recording's transcript lies already: it stays there, so that an archive may grow. */
  settledBases?: ReadonlyMap<Recording, string>;
};

/**
 * `talk.mp3` → `talk.srt`; where two recordings would collide, or something else has that name, `talk.mp3.srt`.
 * @throws CliError `OUTPUT_COLLISION` where even that would be one name for two recordings
 */
export function planOutputs(
  recordings: readonly Recording[],
  options: OutputPlanOptions,
): OutputPlan[] {
  const bases = chooseBases(recordings, options);
  requireUnique(recordings, bases);
  return recordings.map((recording, index) => {
    const base = bases[index] ?? '';
    return { recording, base, outputs: listOutputs(base, options.formats) };
  });
}

/** Short names, and full ones for whoever shares his with another; a full name may in turn be another's short one. */
function chooseBases(
  recordings: readonly Recording[],
  { takenBases, settledBases, ...options }: OutputPlanOptions,
): string[] {
  const isFull = recordings.map(
    (recording) => takenBases?.has(getShortBase(recording, options)) ?? false,
  );
  for (;;) {
    const bases = recordings.map(
      (recording, at) =>
        settledBases?.get(recording) ??
        (isFull[at] ? getFullBase(recording, options) : getShortBase(recording, options)),
    );
    const wanted = countKeys(bases);
    const sharing = [...recordings.entries()].flatMap(([at, recording]) => {
      const isShared = (wanted.get(toKey(bases[at] ?? '')) ?? 0) > 1;
      return isShared && !isFull[at] && !settledBases?.has(recording) ? [at] : [];
    });
    if (sharing.length === 0) return bases;
    sharing.forEach((at) => (isFull[at] = true));
  }
}

type Place = Pick<OutputPlanOptions, 'outDir' | 'cwd'>;

/** `talk`, for `talk.mp3`. */
export function getShortBase(recording: Recording, place: Place): string {
  return join(getFolder(recording, place), parse(recording.name).name);
}

/** `talk.mp3`. */
export function getFullBase(recording: Recording, place: Place): string {
  return join(getFolder(recording, place), recording.name);
}

export function listOutputs(base: string, formats: readonly TranscriptFormat[]): Output[] {
  return formats.map((format) => ({ format, path: base + transcriptFileExtensions[format] }));
}

function getFolder(recording: Recording, { outDir, cwd }: Place): string {
  if (recording.kind === 'url') return outDir ?? cwd;
  return outDir === undefined ? dirname(recording.path) : join(outDir, recording.below);
}

function requireUnique(recordings: readonly Recording[], bases: readonly string[]): void {
  const owners = new Map<string, Recording>();
  for (const [index, recording] of recordings.entries()) {
    const base = bases[index] ?? '';
    const other = owners.get(toKey(base));
    if (other) {
      throw new CliError(
        'OUTPUT_COLLISION',
        `The transcripts of ${other.shown} and ${recording.shown} would have the same name, ${base}: transcribe them in two runs with different --out folders.`,
      );
    }
    owners.set(toKey(base), recording);
  }
}

function countKeys(bases: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const base of bases) counts.set(toKey(base), (counts.get(toKey(base)) ?? 0) + 1);
  return counts;
}

/** `Talk` and `talk` are one file on many disks. */
function toKey(base: string): string {
  return base.normalize('NFC').toLowerCase();
}
