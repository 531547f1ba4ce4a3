// Where each recording's transcript goes. Pure: who owns what is already there is told, not looked up.

import { dirname, join, parse } from 'node:path';
import { transcriptFileExtensions, type TranscriptFormat } from '@stenofleet/transcript';
import { type Recording } from './recording.js';

export type Output = { format: TranscriptFormat; path: string };

export type OutputPlan = {
  recording: Recording;
  /** Path of the outputs without their extension. */
  base: string;
  outputs: Output[];
  /** The recording that has the name already, where there is no name that tells the two apart. */
  collidesWith: Recording | undefined;
};

export type OutputPlanOptions = {
  /** In the order in which they are published. */
  formats: readonly TranscriptFormat[];
  /** Absolute. @defaultValue beside the recording; for addresses, `cwd` */
  outDir?: string | undefined;
  cwd: string;
  /** For each recording: bases (`folder/talk`) under which something lies that is not its transcript. */
  takenBases?: ReadonlyMap<Recording, ReadonlySet<string>>;
  /** Where a recording's transcript lies already: it stays there, so that an archive may grow. */
  settledBases?: ReadonlyMap<Recording, string>;
};

/** Each recording gets the shortest of its names that it need not share; see `listBases`. */
export function planOutputs(
  recordings: readonly Recording[],
  options: OutputPlanOptions,
): OutputPlan[] {
  const bases = chooseBases(recordings, options);
  const owners = findOwners(recordings, { bases, ...options });
  return recordings.map((recording, index) => {
    const base = bases[index] ?? '';
    const owner = owners.get(toKey(base));
    const collidesWith = owner === recording ? undefined : owner;
    return { recording, base, outputs: listOutputs(base, options.formats), collidesWith };
  });
}

/**
 * The names that a recording may have, short ones first: `out/talk`, `out/talk.mp3`, and with `--out` those below the
 * folder that was named, `out/folder/talk`, `out/folder/talk.mp3`.
 */
export function listBases(
  recording: Recording,
  { outDir, cwd }: Pick<OutputPlanOptions, 'outDir' | 'cwd'>,
): string[] {
  const namesIn = (folder: string) =>
    [parse(recording.name).name, recording.name].map((name) => join(folder, name));
  if (recording.kind === 'url') return namesIn(outDir ?? cwd);
  if (outDir === undefined) return namesIn(dirname(recording.path));
  const { root, below } = recording;
  return [...namesIn(join(outDir, below)), ...namesIn(join(outDir, root, below))];
}

export function listOutputs(base: string, formats: readonly TranscriptFormat[]): Output[] {
  return formats.map((format) => ({ format, path: base + transcriptFileExtensions[format] }));
}

/**
 * Whoever shares his name with another takes his next one, which may in turn be another's. A name that is settled was
 * chosen so before: the ones before it stay passed over, and a rerun ends as the first run did.
 */
function chooseBases(
  recordings: readonly Recording[],
  { takenBases, settledBases, ...place }: OutputPlanOptions,
): string[] {
  const settledHere = new Set(settledBases?.values());
  const choices = recordings.map((recording) => {
    const settled = settledBases?.get(recording);
    if (settled !== undefined) return [settled];
    const bases = listBases(recording, place);
    const taken = takenBases?.get(recording);
    // What another of this run has is not left out: it is the next in line, and a collision if it is the last.
    const free = bases.filter((base) => settledHere.has(base) || !taken?.has(base));
    return free.length > 0 ? free : bases.slice(-1);
  });
  const passedOver = new Set(
    [...(settledBases ?? [])].flatMap(([recording, settled]) => {
      const bases = listBases(recording, place);
      return bases.slice(0, Math.max(0, bases.indexOf(settled))).map(toKey);
    }),
  );
  const chosen = choices.map(() => 0);
  for (;;) {
    const bases = choices.map((choice, at) => choice[chosen[at] ?? 0] ?? '');
    const wanted = countKeys(bases);
    const movable = [...bases.entries()].flatMap(([at, base]) => {
      const hasNext = (chosen[at] ?? 0) + 1 < (choices[at]?.length ?? 0);
      const isUnique = wanted.get(toKey(base)) === 1 && !passedOver.has(toKey(base));
      return hasNext && !isUnique ? [at] : [];
    });
    if (movable.length === 0) return bases;
    movable.forEach((at) => (chosen[at] = (chosen[at] ?? 0) + 1));
  }
}

/** Of each name: the recording whose transcript lies there already, or else the first that asks for it. */
function findOwners(
  recordings: readonly Recording[],
  { bases, settledBases }: { bases: readonly string[] } & Pick<OutputPlanOptions, 'settledBases'>,
): Map<string, Recording> {
  const owners = new Map<string, Recording>();
  const isSettled = (recording: Recording | undefined) =>
    recording !== undefined && (settledBases?.has(recording) ?? false);
  for (const [index, recording] of recordings.entries()) {
    const key = toKey(bases[index] ?? '');
    const other = owners.get(key);
    if (!other || (isSettled(recording) && !isSettled(other))) owners.set(key, recording);
  }
  return owners;
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
