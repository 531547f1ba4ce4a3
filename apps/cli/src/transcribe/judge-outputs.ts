// Is a recording done, to be transcribed, or in the way of something that is not ours? Pure decisions.

import { type LedgerEntry, type SourceState } from './ledger.js';
import { getMadeWith, getModelId, nameDifference } from './made-with.js';

/** A file where an output goes; `sha256` is undefined where there is none. */
export type OutputState = { path: string; sha256: string | undefined };

export type OutputJudgement =
  /** The outputs are whole and were made with these options; whether from this very recording is for the source to say. */
  | { kind: 'whole' }
  /** `replaces`: what the transcript that lies there was made with, if with something else. */
  | { kind: 'to-write'; replaces?: string }
  /** Files that were not written by this command, or were changed since. */
  | { kind: 'blocked'; paths: string[] }
  /** Another model made them, and the demo model, which is for trying the system, is to take their place. */
  | { kind: 'outranked'; paths: string[]; modelId: string; madeWith: string };

export type JudgeOptions = {
  /** Of this recording. */
  entry: LedgerEntry | undefined;
  /** See `LedgerEntry.options`. */
  options: string;
  isDemo: boolean;
  force: boolean;
};

export function judgeOutputs(
  states: readonly OutputState[],
  { entry, options, isDemo, force }: JudgeOptions,
): OutputJudgement {
  const others = states.flatMap((state) => {
    const madeWith = getMadeWith(entry, state);
    return madeWith === undefined || madeWith === options ? [] : [{ path: state.path, madeWith }];
  });
  const toWrite: OutputJudgement = {
    kind: 'to-write',
    ...(others[0] && { replaces: nameDifference(others[0].madeWith, options) }),
  };
  if (force) return toWrite;
  const isWhole = states.every(
    ({ path, sha256 }) => sha256 !== undefined && sha256 === entry?.outputs[path],
  );
  if (isWhole && entry?.options === options) return { kind: 'whole' };
  const foreign = states.filter(
    ({ path, sha256 }) =>
      sha256 !== undefined && sha256 !== entry?.outputs[path] && sha256 !== entry?.earlier[path],
  );
  if (foreign.length > 0) return { kind: 'blocked', paths: foreign.map(({ path }) => path) };
  return (isDemo ? judgeAsDemo(others, options) : undefined) ?? toWrite;
}

function judgeAsDemo(
  others: readonly { path: string; madeWith: string }[],
  options: string,
): OutputJudgement | undefined {
  const better = others.flatMap(({ path, madeWith }) => {
    const modelId = getModelId(madeWith);
    return modelId === undefined || modelId === getModelId(options)
      ? []
      : [{ path, modelId, madeWith: nameDifference(madeWith, options) }];
  });
  const [first] = better;
  return first && { ...first, kind: 'outranked', paths: better.map(({ path }) => path) };
}

/** Whether a place holds something else than transcripts of this recording: the longer name is used then. */
export function isTaken(
  states: readonly OutputState[],
  {
    entry,
    sourceId,
    hasOwnDocument,
  }: {
    entry: LedgerEntry | undefined;
    sourceId: string;
    /** A JSON transcript of a recording of this name lies there. */
    hasOwnDocument: boolean;
  },
): boolean {
  const existing = states.filter(({ sha256 }) => sha256 !== undefined);
  if (existing.length === 0) return false;
  if (!entry) return !hasOwnDocument;
  if (entry.source.id !== sourceId) return true;
  return existing.some(({ path }) => !(path in entry.outputs || path in entry.earlier));
}

/** Whether a recording is, as far as can be seen from outside, the one that an entry was made from. */
export function isSameSource(entry: LedgerEntry | undefined, source: SourceState): boolean {
  if (entry?.source.id !== source.id || entry.source.bytes !== source.bytes) return false;
  return entry.source.modifiedMs === source.modifiedMs && entry.source.sha256 === source.sha256;
}
