// What unit tests of this app work with instead of Redis and a model.

import { type Attempt, type Ledger, type Outcome, type Standing } from '@stenofleet/shared/ledger';
import { type JobRecord, type JobSpec } from '@stenofleet/shared/job';
import { createLogger } from '@stenofleet/shared/log';
import { type ResolvedModel } from '@stenofleet/model-store';
import { type ServedModel } from '../served-models.js';
import { createWorkRegistry } from '../work-registry.js';

export const silentLog = createLogger('test', { level: 'silent' });

export function makeSpec(changes: Partial<JobSpec> = {}): JobSpec {
  return {
    ...{ id: 'j1', tenant: 'museum', priority: 'normal', metadata: {}, createdAtMs: 1_000_000 },
    source: { uri: 'file:///recordings/talk.wav', name: 'talk.wav', etag: 'e1', bytes: 10 },
    plan: {
      ...{ model: 'demo-en', tier: 'int8', channels: 'mix', partial: false },
      formats: ['json', 'txt'],
    },
    output: { prefix: 's3://fake/store', name: 'talk', overwrite: false },
    ...changes,
  };
}

export function makeRecord(
  spec: JobSpec = makeSpec(),
  changes: Partial<JobRecord> = {},
): JobRecord {
  return {
    ...{ spec, status: 'running', attempt: 1, rank: 1, doneSeconds: 0, updatedAtMs: 0 },
    ...changes,
  };
}

export function makeModel(changes: Partial<ServedModel> = {}): ServedModel {
  const resolved = {
    manifest: {
      ...{ id: 'demo-en', name: 'Demo', family: 'nemo-tdt', license: 'MIT', attribution: '' },
      ...{ demo: true, languages: ['en'] },
    },
    tier: 'int8',
    description: {},
    provenance: { files: [{ path: 'a.onnx', bytes: 1, sha256: '0'.repeat(64) }] },
  } as unknown as ResolvedModel;
  return {
    ...{ key: 'demo-en:int8', model: 'demo-en', tier: 'int8', isDefaultTier: true, resolved },
    ...{ laneCount: 1, memoryNeedBytes: 100, maxPrivateBytes: 1_000 },
    ...changes,
  };
}

/** The parts of the ledger that tests of steps need; `standing` is what it answers. */
export function createFakeLedger(records: readonly JobRecord[] = []) {
  const known = new Map(records.map((record) => [record.spec.id, record]));
  const state = {
    standing: 'current' as Standing,
    outcomes: [] as Outcome[],
    chunks: [] as { index: number; doneSeconds: number }[],
    failed: [] as string[],
    crashes: 0,
    known,
  };
  const answer = () => Promise.resolve(state.standing);
  const ledger: Partial<Ledger> = {
    checkStanding: answer,
    reportStep: answer,
    getJob: (id) => Promise.resolve(known.get(id)),
    getJobs: (ids) => Promise.resolve(ids.map((id) => known.get(id))),
    listQuiet: () => Promise.resolve([...known.keys()]),
    countCrash: () => Promise.resolve(++state.crashes),
    reportChunk: (_id, chunk) => {
      state.chunks.push(chunk);
      return answer();
    },
    finishAttempt: (_attempt: Attempt, outcome) => {
      state.outcomes.push(outcome);
      return answer();
    },
    failJob: (id) => {
      state.failed.push(id);
      return Promise.resolve(undefined);
    },
  };
  return { ledger: ledger as Ledger, state };
}

export function beginWork(jobId = 'j1') {
  return createWorkRegistry().begin('job', jobId);
}
