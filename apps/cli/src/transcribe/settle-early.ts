// The outcome of what needs no model: finished before, or in the way of something that must stay.

import { dirname } from 'node:path';
import { CliError } from '../cli-error.js';
import { describeError } from '../describe-error.js';
import { isSameSource, type OutputJudgement } from './judge-outputs.js';
import { type PlannedRecording } from './plan-run.js';
import { getSourceId } from './recording.js';
import { requireWritable } from './require-writable.js';
import { type RecordingOutcome } from './run-recordings.js';
import { readSourceState } from './transcribe-recording.js';

/** @returns undefined for what is to be transcribed, or for the address's server to say */
export async function settleEarly(plan: PlannedRecording): Promise<RecordingOutcome | undefined> {
  const { recording, judgement, entry } = plan;
  const refusal = describeRefusal(plan, judgement);
  if (refusal) return { status: 'failed', error: describeError(refusal) };
  if (judgement.kind !== 'whole') {
    return requireWritable(dirname(plan.base)).then(
      () => undefined,
      (error: unknown) => ({ status: 'failed', error: describeError(error) }),
    );
  }
  if (recording.kind !== 'file') return undefined;
  const source = await readSourceState(recording.path, getSourceId(recording)).catch(
    () => undefined,
  );
  return source && isSameSource(entry, source) ? describeSkipped(plan) : undefined;
}

export function describeSkipped({ outputs, entry }: PlannedRecording): RecordingOutcome {
  const paths = outputs.map(({ path }) => path);
  return { status: 'skipped', outputs: paths, flags: entry?.flags ?? [] };
}

function describeRefusal(
  { base, collidesWith }: PlannedRecording,
  judgement: OutputJudgement,
): CliError | undefined {
  if (collidesWith) {
    return new CliError(
      'OUTPUT_COLLISION',
      `Its transcript would have the name of that of ${collidesWith.shown}, ${base}: transcribe it in a run of its own, with another --out folder.`,
    );
  }
  if (judgement.kind === 'blocked') {
    return new CliError(
      'OUTPUT_EXISTS',
      `${listExisting(judgement.paths)}, and not as steno wrote it (edited, of another recording, or made with another data folder). Nothing was overwritten; --force does.`,
    );
  }
  if (judgement.kind === 'outranked') {
    const { paths, modelId, madeWith } = judgement;
    return new CliError(
      'OUTPUT_EXISTS',
      `${listExisting(paths)}, made with ${madeWith}, and the demo model does not replace that: name the model (--model ${modelId}), write elsewhere (--out), or insist (--force).`,
    );
  }
  return undefined;
}

/** `a.srt exists`, `a.srt, a.vtt exist` */
function listExisting(paths: readonly string[]): string {
  return `${paths.join(', ')} ${paths.length === 1 ? 'exists' : 'exist'}`;
}
