// kill -9 of the API: right after it has accepted a job, between a job's record and its ticket, and amid a batch.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { isFinal } from '@stenofleet/shared/job';
import { type ApiProcess, startApi } from '../servers/api-process.js';
import { sendRecording, startRecordingServer } from '../servers/recording-server.js';
import { startTcpProxy } from '../servers/tcp-proxy.js';
import { openTestFleet, type TestFleet } from '../servers/test-fleet.js';
import { type ChaosCase } from './chaos-case.js';
import { type Recording } from './chaos-fleet.js';
import { countDoubles, countLeftovers, readWords } from './observe-job.js';
import { type Round, type RoundFacts } from './round.js';
import { inTime, until } from './until.js';

/** Items of the batch, and those that are jobs when the API dies. */
const NUM_ITEMS = 12;
const NUM_BEFORE = 8;
/** A batch that was being read is another process's after its lock, up to a minute. */
const BATCH_PATIENCE_MS = 180_000;

async function post(api: ApiProcess, path: string, body: object): Promise<{ id: string }> {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { id: string };
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

function describeJob(round: Round, name: string) {
  return {
    source: pathToFileURL(round.chaos.recordings.short.path).href,
    ...{ model: 'demo-en', tier: 'int8' },
    // Each round is another job.
    idempotencyKey: `${name} ${Date.now()}`,
  };
}

async function waitUntilApiTells(api: ApiProcess, id: string): Promise<void> {
  await until('the API tells of the end', async () => {
    const response = await fetch(`${api.url}/v1/jobs/${id}`);
    return ((await response.json()) as { status?: string }).status === 'done';
  });
}

export const apiCases: readonly ChaosCase[] = [
  {
    name: 'API killed: right after it accepted a job',
    async disturb(round) {
      const env = round.chaos.test.env();
      const request = describeJob(round, 'accepted');
      const api = await startApi({ env });
      const { id } = await post(api, '/v1/jobs', request);
      await api.kill();
      await round.adopt(id, 'short');
      const next = await startApi({ env });
      await waitUntilApiTells(next, id);
      const again = await post(next, '/v1/jobs', request);
      round.addDoubled(again.id === id ? 0 : 1);
      await next.stop();
    },
  },
  {
    name: 'API killed: between record and ticket; the client asks again',
    async disturb(round) {
      const { test } = round.chaos;
      const proxy = await startTcpProxy(test.redis.port);
      const env = test.env({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
      try {
        const request = describeJob(round, 'unqueued');
        const api = await startApi({ env });
        proxy.hold({ direction: 'requests', from: ':jobs~demo-en~int8' });
        const first = post(api, '/v1/jobs', request).then(
          () => 'answered',
          () => 'not answered',
        );
        await inTime('the ticket is held', proxy.waitUntilHeld());
        await api.kill();
        if ((await first) === 'answered') throw new Error('It answered before the ticket was in.');
        proxy.cut();
        const next = await startApi({ env });
        const { id } = await post(next, '/v1/jobs', request);
        await round.adopt(id, 'short');
        await waitUntilApiTells(next, id);
        await next.stop();
      } finally {
        await proxy.close();
      }
    },
  },
];

export const BATCH_CASE = 'API killed: in the middle of reading a batch';

/** With a fleet of its own, beside the other cases: it waits for a lock of 30 s most of the time. */
export async function runBatchRound({ path, words }: Recording): Promise<RoundFacts> {
  const body = await readFile(path);
  let isHeld = true;
  let onHeld: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (onHeld = resolve));
  const server = await startRecordingServer((request, response) => {
    const [, index = '0'] = /(\d+)\.flac/.exec(request.url ?? '') ?? [];
    if (isHeld && Number(index) > NUM_BEFORE) onHeld();
    else sendRecording(request, { response, body, etag: `"${index}"` });
  });
  const test = await openTestFleet({ STENO_SOURCE_PRIVATE_HOSTS: '127.0.0.1' });
  try {
    const api = await startApi({ env: test.env() });
    const worker = await test.startWorker();
    const items = Array.from({ length: NUM_ITEMS }, (_, index) => ({
      source: `${server.url}/${index + 1}.flac`,
    }));
    const { id } = await post(api, '/v1/batches', {
      input: { items },
      defaults: { model: 'demo-en', tier: 'int8' },
    });
    await inTime('the batch is being read', held);
    const countJobs = async () => await test.fleet.redis.zcard(test.fleet.keys.batchJobs(id));
    await until('the first items are jobs', async () => (await countJobs()) === NUM_BEFORE);
    await api.kill();
    isHeld = false;
    const next = await startApi({ env: test.env() });
    const isOver = async () => (await test.fleet.ledger.getBatch(id))?.status === 'finished';
    await until('the batch is over', isOver, BATCH_PATIENCE_MS).catch(() => undefined);
    await next.stop();
    const recognized = worker.output.filter(({ msg }) => msg === 'chunk recognized');
    return await judgeBatch(test, { id, words, numRecognized: recognized.length });
  } finally {
    await test.close();
    await server.close();
  }
}

async function judgeBatch(
  { fleet }: TestFleet,
  { id, words, numRecognized }: { id: string; words: Recording['words']; numRecognized: number },
): Promise<RoundFacts> {
  const { items } = await fleet.ledger.listJobs({ tenant: 'default', batch: id, limit: 200 });
  const batch = await fleet.ledger.getBatch(id);
  const done = items.filter(({ status }) => status === 'done');
  const unread =
    batch && isFinal(done[0]?.status ?? 'queued') ? NUM_ITEMS - batch.itemsRead : NUM_ITEMS;
  let doubled = Math.max(0, items.length - NUM_ITEMS) + (batch?.counts.duplicates ?? 0);
  let left = 0;
  let wordsEqual = true;
  for (const record of done) {
    doubled += await countDoubles(fleet, record);
    left += await countLeftovers(fleet, record);
    wordsEqual &&= JSON.stringify(await readWords(fleet, record)) === JSON.stringify(words);
  }
  return {
    lost: Math.max(unread, NUM_ITEMS - done.length),
    ...{ doubled, left, wordsEqual },
    redone: Math.max(0, numRecognized - done.length),
    repeated: 0,
  };
}
