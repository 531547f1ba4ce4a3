// What is to be done with each recording, decided before anything is started.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  TRANSCRIPT_SCHEMA,
  transcriptFileExtensions,
  type TranscriptFormat,
} from '@stenofleet/transcript';
import { z } from 'zod';
import { getSystemErrorCode } from '../describe-error.js';
import { isTaken, judgeOutputs, type OutputJudgement, type OutputState } from './judge-outputs.js';
import { type Ledger, type LedgerEntry } from './ledger.js';
import { mapConcurrently } from './map-concurrently.js';
import { listBases, listOutputs, type OutputPlan, planOutputs } from './plan-outputs.js';
import { getSourceId, type Recording } from './recording.js';

/** Looks at files of this many recordings at a time. */
const LOOKS_AT_ONCE = 16;

const documentSchema = z.object({
  schema: z.literal(TRANSCRIPT_SCHEMA),
  recording: z.object({ name: z.string() }),
});

export type PlannedRecording = OutputPlan & {
  /** What this command wrote there before, for this recording. */
  entry: LedgerEntry | undefined;
  states: OutputState[];
  judgement: OutputJudgement;
};

export type RunPlanOptions = {
  ledger: Ledger;
  formats: readonly TranscriptFormat[];
  outDir: string | undefined;
  cwd: string;
  force: boolean;
  isDemo: boolean;
  /** See `LedgerEntry.options`. */
  options: string;
  signal: AbortSignal;
};

export async function planRun(
  recordings: readonly Recording[],
  options: RunPlanOptions,
): Promise<PlannedRecording[]> {
  const concurrency = { limit: LOOKS_AT_ONCE, signal: options.signal };
  const look = async (base: string) => ({
    entry: await options.ledger.read(base),
    states: await Promise.all(
      listOutputs(base, options.formats).map(async ({ path }) => ({
        path,
        sha256: await hashFile(path),
      })),
    ),
  });
  const takenBases = new Map<Recording, Set<string>>();
  const settledBases = new Map<Recording, string>();
  await mapConcurrently(
    recordings,
    async (recording) => {
      const sourceId = getSourceId(recording);
      const isOwn = async (base: string) => {
        const { entry, states } = await look(base);
        const isThere = states.some(({ sha256 }) => sha256 !== undefined);
        const hasOwnDocument = !entry && (await isDocumentOf(recording, base));
        const isElsewhere = isTaken(states, { entry, sourceId, hasOwnDocument });
        return isThere ? !isElsewhere : undefined;
      };
      const taken = new Set<string>();
      takenBases.set(recording, taken);
      for (const base of listBases(recording, options)) {
        const isOwnBase = await isOwn(base);
        if (isOwnBase === false) taken.add(base);
        if (!isOwnBase) continue;
        settledBases.set(recording, base);
        break;
      }
    },
    concurrency,
  );
  return mapConcurrently(
    planOutputs(recordings, { ...options, takenBases, settledBases }),
    async (plan) => {
      const { entry: written, states } = await look(plan.base);
      // What was made from another recording is no more ours to replace than what somebody typed.
      const entry = written?.source.id === getSourceId(plan.recording) ? written : undefined;
      return { ...plan, entry, states, judgement: judgeOutputs(states, { ...options, entry }) };
    },
    concurrency,
  );
}

/** Whether a JSON transcript lies there that says it is of a recording of this name: written with another ledger. */
async function isDocumentOf({ name }: Recording, base: string): Promise<boolean> {
  try {
    const path = base + transcriptFileExtensions.json;
    return documentSchema.parse(JSON.parse(await readFile(path, 'utf8'))).recording.name === name;
  } catch {
    return false;
  }
}

async function hashFile(path: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(getSystemErrorCode(error) ?? '')) return undefined;
    // A folder or an unreadable file under this name: there is something, and it is not ours.
    return '';
  }
}
