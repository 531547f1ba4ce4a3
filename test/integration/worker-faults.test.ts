// What goes wrong around a worker: it is stopped, killed, suspended, its inference dies, its user changes his mind.

import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { resultManifestSchema } from '@stenofleet/shared/job';
import { type TranscriptDocument } from '@stenofleet/transcript';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { examplePath } from '../fixtures/example-audio.js';
import { openWorkshop, type Workshop } from '../fixtures/made-audio.js';
import { openTestFleet, type TestFleet } from '../servers/test-fleet.js';
import { type WorkerProcess } from '../servers/worker-process.js';

const CHUNKED = { STENO_CHUNK_SECONDS: '20', STENO_LOCK_SECONDS: '2' };
const WHOLE = { STENO_CHUNK_SECONDS: '600', STENO_LOCK_SECONDS: '2' };

let test: TestFleet;
let workshop: Workshop;
let long: string;
let workers: WorkerProcess[] = [];
beforeAll(async () => {
  test = await openTestFleet();
  workshop = openWorkshop();
  const source = ['-stream_loop', '5', '-i', examplePath('call.wav')];
  long = workshop.make('long.flac', ...source, '-vn', '-ac', '1', '-ar', '16000');
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  workers = [];
});
afterAll(async () => {
  workshop.remove();
  await test.close();
});

async function start(env: Record<string, string>): Promise<WorkerProcess> {
  const worker = await test.startWorker(env);
  workers.push(worker);
  return worker;
}

const wordsOf = ({ segments }: TranscriptDocument) => segments.flatMap(({ words }) => words);

let undisturbed: TranscriptDocument | undefined;
/** The words of the long recording when nothing happens. */
async function getUndisturbedWords() {
  if (!undisturbed) {
    const worker = await start({ ...CHUNKED, STENO_LANES: '2' });
    const { spec } = await test.submit(long, { salt: 'undisturbed' });
    undisturbed = await test.readDocument(await test.waitForJob(spec.id));
    await worker.stop();
  }
  return wordsOf(undisturbed);
}

/** Chunks of a job whose result is there. */
const listResults = async (id: string) =>
  (await test.listScratch(id)).flatMap((name) => {
    const index = /chunk-(\d+)\.result\.json$/.exec(name)?.[1];
    return index === undefined ? [] : [Number(index)];
  });

async function waitForResults(id: string, count: number): Promise<void> {
  while ((await listResults(id)).length < count) await delay(10);
}

function findRecognized(id: string, by: readonly WorkerProcess[] = workers): number[] {
  return by
    .flatMap(({ output }) => output)
    .filter(({ msg, job }) => msg === 'chunk recognized' && job === id)
    .map(({ chunk }) => chunk as number)
    .sort((a, b) => a - b);
}

/** Pids of processes that a worker has begun. */
function findChildren(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .filter((text) => text !== '')
    .map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function waitUntilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await delay(10);
}

describe('a job', () => {
  it('stops within 2 s when it is cancelled, and leaves no scratch', async () => {
    const worker = await start({ ...WHOLE });
    const { spec } = await test.submit(long, { salt: 'cancel' });
    await test.waitForJob(spec.id, ({ step }) => step === 'recognize');
    const begun = performance.now();
    await test.fleet.ledger.cancelJob(spec.id);
    await worker.waitForLine('cancelled', ({ job }) => job === spec.id);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect((await test.getJob(spec.id)).status).toBe('cancelled');
    expect(await test.listScratch(spec.id)).toEqual([]);
  });

  it('stops in all its chunks when it is cancelled, and leaves no scratch', async () => {
    const worker = await start({ ...CHUNKED });
    const { spec } = await test.submit(long, { salt: 'cancel chunks' });
    await waitForResults(spec.id, 2);
    const record = await test.fleet.ledger.cancelJob(spec.id);
    if (record) await test.fleet.queues.removeJob(record, 100);
    await worker.waitForLine('cancelled', ({ job }) => job === spec.id);
    const recognized = findRecognized(spec.id).length;
    while ((await test.listScratch(spec.id)).length > 0) await delay(50);
    expect(findRecognized(spec.id).length).toBeLessThanOrEqual(recognized + 1);
    expect(recognized).toBeLessThan(40);
  });

  it('is handed back on SIGTERM and finished by another, as no failure', async () => {
    const expected = await getUndisturbedWords();
    const first = await start({ ...CHUNKED, STENO_DRAIN_SECONDS: '0' });
    const { spec } = await test.submit(long, { salt: 'drain' });
    await waitForResults(spec.id, 2);
    const children = findChildren(first.pid);
    const begun = performance.now();
    expect(await first.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(8_000);
    await waitUntilGone(children);
    const hosts = await test.fleet.hosts.list();
    expect(hosts.map(({ id }) => id)).not.toContain(first.host);
    const counts = await test.fleet.queues.get('chunks~demo-en~int8').getJobCounts();
    expect(counts).toMatchObject({ active: 0, delayed: 0, failed: 0 });

    const kept = await listResults(spec.id);
    const second = await start(CHUNKED);
    const record = await test.waitForJob(spec.id);
    expect(record).toMatchObject({ status: 'done' });
    expect(wordsOf(await test.readDocument(record))).toEqual(expected);
    const all = [...kept, ...findRecognized(spec.id, [second])].sort((a, b) => a - b);
    expect(all).toEqual(all.map((_, index) => index));
  });

  // The lanes asked for would need some 30 GB.
  it.skipIf(totalmem() > 28 * 2 ** 30)('waits for a host with room for its model', async () => {
    const small = await start({ STENO_LANES: '256' });
    const { spec } = await test.submit(examplePath('call.wav'), { salt: 'room' });
    const line = await small.waitForLine('handed back', ({ job }) => job === spec.id);
    expect(line).toMatchObject({ error: { code: 'MODEL_NO_ROOM' } });
    const { error } = await test.waitForJob(spec.id, ({ status }) => status === 'queued');
    expect(error?.code).toBe('MODEL_NO_ROOM');
    await start(WHOLE);
    expect(await test.waitForJob(spec.id)).toMatchObject({ status: 'done' });
  });

  it('finishes what it has in hand while it drains', async () => {
    const worker = await start({ ...WHOLE, STENO_DRAIN_SECONDS: '60' });
    const { spec } = await test.submit(examplePath('call.wav'), { salt: 'in time' });
    await test.waitForJob(spec.id, ({ status }) => status === 'running');
    expect(await worker.stop()).toBe(0);
    expect(await test.getJob(spec.id)).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('is finished by another when its worker is killed; finished chunks are not done again', async () => {
    const expected = await getUndisturbedWords();
    const first = await start(CHUNKED);
    const { spec } = await test.submit(long, { salt: 'kill' });
    await waitForResults(spec.id, 3);
    const children = findChildren(first.pid);
    await first.kill();
    await waitUntilGone(children);
    const kept = await listResults(spec.id);
    const second = await start(CHUNKED);
    const record = await test.waitForJob(spec.id);
    expect(record.status).toBe('done');
    expect(wordsOf(await test.readDocument(record))).toEqual(expected);
    const redone = findRecognized(spec.id, [second]);
    const all = [...kept, ...redone].sort((a, b) => a - b);
    expect(all).toEqual(all.map((_, index) => index));
  });

  it('fails with its evidence when it crashes inference again and again', async () => {
    const worker = await start(WHOLE);
    const { spec } = await test.submit(long, { salt: 'crash' });
    for (let attempt = 1, killed = 0; killed < 3; attempt++) {
      await test.waitForJob(
        spec.id,
        (record) => record.attempt === attempt && record.step === 'recognize',
      );
      const pid = worker.output.findLast(({ msg }) => msg === 'model opened')?.['inferencePid'];
      process.kill(pid as number, 'SIGKILL');
      killed++;
    }
    const record = await test.waitForJob(spec.id);
    expect(record).toMatchObject({
      status: 'failed',
      error: {
        code: 'CHUNK_CRASHES_MODEL',
        details: { crashes: 3, chunk: 0, host: worker.host, signal: 'SIGKILL' },
      },
    });
    expect((await test.listScratch(spec.id)).some((name) => name.endsWith('.failure.json'))).toBe(
      true,
    );

    await test.retry(spec.id);
    expect(await test.waitForJob(spec.id)).toMatchObject({ status: 'done' });
  });

  it('is not written by a worker that was away while another took over', async () => {
    const zombie = await start(WHOLE);
    const { spec } = await test.submit(long, { salt: 'zombie' });
    await test.waitForJob(spec.id, ({ step }) => step === 'recognize');
    zombie.suspend();
    await start(WHOLE);
    const record = await test.waitForJob(spec.id);
    expect(record).toMatchObject({ status: 'done', attempt: 2 });
    const path = fileURLToPath(record.result?.manifestUrl ?? '');
    const manifest = await readFile(path, 'utf8');
    zombie.resume();
    await zombie.waitForLine('another attempt has taken over; nothing was written');
    expect(await readFile(path, 'utf8')).toBe(manifest);
    expect(resultManifestSchema.parse(JSON.parse(manifest)).attempt).toBe(2);
    expect(await test.getJob(spec.id)).toEqual(record);
    expect(await test.listScratch(spec.id)).toEqual([]);
  });

  it('goes on when Redis is killed and comes back', async () => {
    const expected = await getUndisturbedWords();
    const worker = await start(CHUNKED);
    const { spec } = await test.submit(long, { salt: 'redis' });
    await waitForResults(spec.id, 2);
    await test.redis.kill();
    await worker.waitForLine('Redis does not answer');
    await test.redis.restart();
    const record = await test.waitForJob(spec.id);
    expect(record.status).toBe('done');
    expect(wordsOf(await test.readDocument(record))).toEqual(expected);
  });
});
