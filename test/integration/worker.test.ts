import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resultManifestSchema } from '@stenofleet/shared/job';
import { type TranscriptDocument } from '@stenofleet/transcript';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { examplePath } from '../fixtures/example-audio.js';
import { openWorkshop, type Workshop } from '../fixtures/made-audio.js';
import { openTestFleet, type TestFleet } from '../servers/test-fleet.js';
import { runWorkerToEnd, type WorkerProcess } from '../servers/worker-process.js';

const CHUNKED = { STENO_CHUNK_SECONDS: '20' };

let test: TestFleet;
let workshop: Workshop;
let workers: WorkerProcess[] = [];
beforeAll(async () => {
  test = await openTestFleet();
  workshop = openWorkshop();
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
});
afterAll(async () => {
  workshop.remove();
  await test.close();
});

async function start(env: Record<string, string> = {}): Promise<WorkerProcess> {
  const worker = await test.startWorker(env);
  workers.push(worker);
  return worker;
}

/** An example so many times in a row. */
function repeat(name: Parameters<typeof examplePath>[0], times: number): string {
  const source = ['-stream_loop', String(times - 1), '-i', examplePath(name)];
  return workshop.make(`${name}-${times}.flac`, ...source, '-vn', '-ac', '1', '-ar', '16000');
}

const wordsOf = ({ segments }: TranscriptDocument) => segments.flatMap(({ words }) => words);

describe('a worker', () => {
  it('publishes a short recording: all files, the manifest, and nothing else', async () => {
    const worker = await start({ STENO_WORKER_PORT: '0' });
    const { spec } = await test.submit(examplePath('call.wav'));
    const record = await test.waitForJob(spec.id);
    expect(record).toMatchObject({ status: 'done', attempt: 1 });
    expect(record.doneSeconds).toBe(record.audioSeconds);

    const { result } = record;
    const manifest = resultManifestSchema.parse(
      JSON.parse(await readFile(fileURLToPath(result?.manifestUrl ?? ''), 'utf8')),
    );
    expect(manifest).toMatchObject({ jobId: spec.id, attempt: 1, status: 'done' });
    expect(manifest.files.map(({ format }) => format)).toEqual(['json', 'srt', 'vtt', 'txt']);
    for (const { url, bytes, sha256 } of manifest.files) {
      const content = await readFile(fileURLToPath(url));
      expect(content).toHaveLength(bytes);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
    const document = await test.readDocument(record);
    expect(wordsOf(document).length).toBe(manifest.words);
    expect(document.provenance.createdAt).toBe(new Date(spec.createdAtMs).toISOString());
    expect(await test.listScratch(spec.id)).toEqual([]);

    const hosts = await test.fleet.hosts.list();
    expect(hosts).toContainEqual(expect.objectContaining({ id: worker.host, state: 'serving' }));
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${worker.port ?? 0}${path}`);
      return { status: response.status, text: await response.text() };
    };
    expect(await get('/healthz')).toMatchObject({ status: 200 });
    expect(await get('/readyz')).toMatchObject({ status: 200 });
    const metrics = await get('/metrics');
    expect(metrics.text).toMatch(/steno_audio_seconds_total\{model="demo-en:int8"\} [1-9]/);
    expect(metrics.text).toContain('steno_event_loop_lag_seconds');
  });

  it('gives the words of one host when several share a long recording', async () => {
    const path = repeat('call.wav', 4);
    await start(CHUNKED);
    const alone = await test.submit(path, { salt: 'alone' });
    const single = await test.readDocument(await test.waitForJob(alone.spec.id));
    await start(CHUNKED);
    const { spec } = await test.submit(path, { salt: 'together' });
    const record = await test.waitForJob(spec.id);
    const shared = await test.readDocument(record);

    expect(wordsOf(shared)).toEqual(wordsOf(single));
    expect(wordsOf(shared).length).toBeGreaterThan(300);
    const recognizers = workers.map(({ output }) =>
      output.filter(({ msg, job }) => msg === 'chunk recognized' && job === spec.id),
    );
    expect(recognizers.every((lines) => lines.length > 0)).toBe(true);
    const chunks = recognizers.flat().map(({ chunk }) => chunk as number);
    expect(chunks.sort((a, b) => a - b)).toEqual(chunks.map((_, index) => index));
    expect(chunks.length).toBeGreaterThan(4);
    expect(await test.listScratch(spec.id)).toEqual([]);
  });

  it('fails what is no recording once, with its code', async () => {
    const path = join(workshop.folder, 'note.mp3');
    await writeFile(path, 'This is a note, and no recording.'.repeat(100));
    const worker = await start();
    const { spec } = await test.submit(path);
    const record = await test.waitForJob(spec.id);
    expect(record).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: { code: 'AUDIO_UNREADABLE', retryable: false },
    });
    const begun = worker.output.filter(
      ({ msg, job }) => msg === 'attempt begins' && job === spec.id,
    );
    expect(begun).toHaveLength(1);
  });

  it('does a recording without speech', async () => {
    const path = workshop.make('quiet.wav', '-f', 'lavfi', '-i', 'anullsrc=r=16000:d=3');
    await start();
    const { spec } = await test.submit(path);
    const record = await test.waitForJob(spec.id);
    expect(record).toMatchObject({ status: 'done', audioSeconds: 3, result: { words: 0 } });
    expect(record.result?.flags.map(({ code }) => code)).toContain('NO_SPEECH');
  });

  it('leaves the result of another job alone unless it may overwrite it', async () => {
    await start();
    const output = { prefix: `${test.fleet.storage.url}/results/test/shared`, name: 'talk' };
    const first = await test.submit(examplePath('call.wav'), { salt: 'first', output });
    await test.waitForJob(first.spec.id);
    // As if Redis had been emptied: only the manifest tells of the first.
    await test.fleet.ledger.removeJob(first.spec.id);

    const second = await test.submit(examplePath('call.wav'), { salt: 'second', output });
    expect(await test.waitForJob(second.spec.id)).toMatchObject({
      status: 'failed',
      error: { code: 'OUTPUT_CONFLICT' },
    });
    await test.fleet.ledger.removeJob(second.spec.id);
    const third = await test.submit(examplePath('film.mp4'), {
      output: { ...output, overwrite: true },
    });
    const record = await test.waitForJob(third.spec.id);
    expect(record.status).toBe('done');
    expect((await test.readDocument(record)).recording.name).toBe('film.mp4');
  });

  it('publishes what there is with the gap marked, and a retry does only the rest', async () => {
    const path = repeat('call.wav', 3);
    const worker = await start({ ...CHUNKED, STENO_LOCK_SECONDS: '5' });
    const queue = test.fleet.queues.get('chunks~demo-en~int8');
    await queue.pause();
    const { spec } = await test.submit(path, { plan: { partial: true } });
    await test.waitForJob(spec.id, ({ step }) => step === 'recognize');
    const key = (await test.listScratch(spec.id)).filter((name) => name.endsWith('.flac')).at(-1);
    const at = `scratch/${spec.id}/${key ?? ''}`;
    const good = await test.fleet.storage.read(at);
    await test.fleet.storage.put(at, 'spoilt');
    await queue.resume();

    const partial = await test.waitForJob(spec.id);
    expect(partial).toMatchObject({
      status: 'partial',
      error: { code: 'AUDIO_UNREADABLE' },
      result: { gaps: [{ code: 'AUDIO_UNREADABLE' }] },
    });
    const [gap] = partial.result?.gaps ?? [];
    const document = await test.readDocument(partial);
    const flag = document.flags.find(({ code }) => code === 'CHUNK_MISSING');
    expect(flag?.start).toBeCloseTo(gap?.startSeconds ?? -1, 2);

    await test.fleet.storage.put(at, good);
    const before = worker.output.length;
    await test.retry(spec.id);
    const record = await test.waitForJob(spec.id);
    expect(record).toMatchObject({ status: 'done', result: { gaps: [] } });
    const redone = worker.output
      .slice(before)
      .filter(({ msg, job }) => msg === 'chunk recognized' && job === spec.id);
    expect(redone).toHaveLength(1);
    expect(wordsOf(await test.readDocument(record)).length).toBeGreaterThan(
      wordsOf(document).length,
    );
    expect(await test.listScratch(spec.id)).toEqual([]);
  });

  it('refuses a Redis that would lose jobs, in a plain sentence', async () => {
    await test.fleet.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      const { exitCode, output } = await runWorkerToEnd({ env: test.env() });
      expect(exitCode).toBe(1);
      expect(output.at(-1)).toMatchObject({ level: 'fatal', code: 'REDIS_UNSUITABLE' });
      expect(output.at(-1)?.msg).toContain('noeviction');
    } finally {
      await test.fleet.redis.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });

  it('refuses settings it does not know, all at once', async () => {
    const { exitCode, output } = await runWorkerToEnd({
      env: test.env({ STENO_LANE: '2', STENO_LOCK_SECONDS: 'soon' }),
    });
    expect(exitCode).toBe(1);
    expect(output.at(-1)?.msg).toMatch(/STENO_LANE:[^]*STENO_LOCK_SECONDS:/);
  });
});
