import { AsrError, type InferenceProcess } from '@stenofleet/asr-core';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { describe, expect, it } from 'vitest';
import { createCheckpoints } from './checkpoints.js';
import { createInferenceHost } from './inference-host.js';
import { recognizeAudio } from './recognize-audio.js';
import {
  beginWork,
  createFakeLedger,
  makeModel,
  makeRecord,
  makeSpec,
  silentLog,
} from './testing/fakes.js';
import { type WorkerContext } from './worker-context.js';

const segment = {
  ...{ startSamples: 0, endSamples: 160, audioStartSamples: 0, audioEndSamples: 160 },
  speechSamples: 160,
};
const plan = { index: 3, startSamples: 0, endSamples: 160, segments: [{ channel: 0, segment }] };

/** Inference that answers, or fails, in the way given. */
function open(recognize: InferenceProcess['recognize'], record = makeRecord()) {
  const { ledger, state } = createFakeLedger();
  const storage = createFakeObjectStore();
  const work = beginWork();
  const inference: Partial<InferenceProcess> = {
    capabilities: {
      ...{ languages: ['en'], languageRequired: false, punctuation: false, nativeTimes: true },
      maxSegmentSeconds: 30,
    },
    recognize,
    budget: { reserve: () => Promise.resolve(), release: () => undefined },
    readPrivateBytes: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
  const host = createInferenceHost({
    log: silentLog,
    start: () => Promise.resolve(inference as InferenceProcess),
    readLimits: () =>
      Promise.resolve({ cpus: 1, memoryBytes: 1e9, availableBytes: 1e9, isLimited: false }),
  });
  const metrics = { observeStep: () => undefined, countAudio: () => undefined };
  const context = {
    ...{ ledger, storage, inference: host, metrics, log: silentLog, hostId: 'h' },
    now: () => 7,
  } as unknown as WorkerContext;
  const checkpoints = createCheckpoints(storage, {
    jobId: 'j1',
    fingerprint: 'f',
    signal: work.signal,
  });
  const run = () =>
    recognizeAudio(
      { plan, audio: [new Float32Array(160)] },
      {
        ...{ record, model: makeModel(), checkpoints, work },
        ...{ audioSeconds: 12, isSuspect: false },
      },
      context,
    );
  return { run, checkpoints, state, work };
}
const answer = { words: [], remarks: [], computeMs: 500 };
const crash = new AsrError('INFERENCE_CRASHED', 'gone', { details: { stderr: 'out of memory' } });

describe('a chunk', () => {
  it('leaves its result, and keeps the first one there is', async () => {
    const { run, checkpoints, state } = open(() => Promise.resolve(answer));
    expect(await run()).toMatchObject({ computeSeconds: 0.5 });
    expect(state.chunks.at(-1)).toEqual({ index: 3, doneSeconds: 12 });
    const other = open(() => Promise.resolve(answer));
    await other.checkpoints.writeResult(3, { segments: [], computeSeconds: 9 });
    expect(await other.run()).toMatchObject({ computeSeconds: 9 });
    expect(await checkpoints.readFailure(3)).toBeUndefined();
  });

  it('is recognized as its job says', async () => {
    const spec = makeSpec();
    const said = { language: 'en', punctuation: false, inverseTextNormalization: true };
    const decodings: unknown[] = [];
    const { run } = open(
      ({ decoding }) => {
        decodings.push(decoding);
        return Promise.resolve(answer);
      },
      makeRecord({ ...spec, plan: { ...spec.plan, ...said } }),
    );
    await run();
    expect(decodings).toEqual([said]);
  });

  it('is given up after its third crash, with the evidence in scratch', async () => {
    const { run, checkpoints } = open(() => Promise.reject(crash));
    await expect(run()).rejects.toMatchObject({ code: 'INFERENCE_CRASHED' });
    await expect(run()).rejects.toMatchObject({ code: 'INFERENCE_CRASHED' });
    expect(await checkpoints.readFailure(3)).toBeUndefined();
    await expect(run()).rejects.toMatchObject({ code: 'CHUNK_CRASHES_MODEL', retryable: false });
    expect(await checkpoints.readFailure(3)).toMatchObject({
      ...{ host: 'h', model: 'demo-en:int8', crashes: 3, failedAtMs: 7 },
      error: { code: 'CHUNK_CRASHES_MODEL', details: { stderr: 'out of memory' } },
    });
  });

  it('is not blamed for a crash after it was stopped', async () => {
    const opened = open(() => {
      opened.work.stop('draining');
      return Promise.reject(crash);
    });
    await expect(opened.run()).rejects.toThrow();
    expect(opened.state.crashes).toBe(0);
  });
});
