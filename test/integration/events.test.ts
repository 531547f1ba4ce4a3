import { get, type IncomingMessage } from 'node:http';
import { computeJobId, type JobSpec } from '@stenofleet/shared/job';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADMIN_KEY, finishJob, type FleetApi, startFleetApi } from '../fixtures/fleet-api.js';
import { type RedisServer, startRedisServer } from '../servers/redis-server.js';

let redisServer: RedisServer;
let api: FleetApi;
let address: string;

beforeAll(async () => {
  redisServer = await startRedisServer();
  api = await startFleetApi({ redisUrl: redisServer.url });
  address = await api.listen();
});

beforeEach(async () => {
  await api.dependencies.redis.flushall();
});

afterAll(async () => {
  await api.close();
  await redisServer.stop();
});

type Message = { id?: string; event: string; data: unknown };
type Stream = {
  headers: IncomingMessage['headers'];
  /** The next message; undefined at the end. */
  next: () => Promise<Message | undefined>;
  rest: () => Promise<Message[]>;
  close: () => void;
};

async function follow(path: string, lastEventId?: string): Promise<Stream> {
  const response = await request(path, lastEventId);
  expect(response.statusCode).toBe(200);
  const messages = parse(response);
  const next = async () => {
    const { value, done } = await messages.next();
    return done === true ? undefined : value;
  };
  return {
    headers: response.headers,
    next,
    rest: async () => {
      const found: Message[] = [];
      for (let message = await next(); message; message = await next()) found.push(message);
      return found;
    },
    close: () => response.destroy(),
  };
}

function request(path: string, lastEventId?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(
      `${address}${path}`,
      {
        headers: {
          authorization: `Bearer ${ADMIN_KEY}`,
          ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
        },
      },
      resolve,
    ).on('error', reject);
  });
}

async function* parse(response: AsyncIterable<Buffer>): AsyncGenerator<Message, void> {
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks.filter((part) => !part.startsWith(':'))) {
      const fields = Object.fromEntries(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      ) as Record<string, string>;
      yield {
        ...(fields['id'] !== undefined && { id: fields['id'] }),
        event: fields['event'] ?? '',
        data: JSON.parse(fields['data'] ?? 'null'),
      };
    }
  }
}

async function createJob(name: string, batch?: string): Promise<string> {
  const plan = {
    model: 'demo-en',
    tier: 'int8',
    channels: 'mix',
    formats: ['json'],
    partial: false,
  } as const;
  const id = computeJobId({
    tenant: 'default',
    source: { uri: `https://example.org/${name}` },
    plan: { ...plan, formats: ['json'] },
    output: { prefix: undefined, name: undefined },
  });
  const spec: JobSpec = {
    id,
    tenant: 'default',
    ...(batch !== undefined && { batch }),
    source: { uri: `https://example.org/${name}`, name },
    plan: { ...plan, formats: ['json'] },
    output: { prefix: `file:///results/${id}`, name, overwrite: false },
    priority: 'normal',
    metadata: {},
    createdAtMs: Date.now(),
  };
  await api.dependencies.ledger.createJob(spec, { item: Number(/\d+/.exec(name)?.[0] ?? 1) });
  return id;
}

async function createBatch(id: string): Promise<void> {
  await api.dependencies.ledger.createBatch({
    id,
    tenant: 'default',
    request: { defaults: {}, metadata: {}, input: { prefix: 's3://bucket/in' } },
    createdAtMs: Date.now(),
  });
}

/** The events of a subject as the stream has them. */
async function readAll(
  concerns: (event: { job?: string | undefined; batch?: string | undefined }) => boolean,
) {
  const events = await api.dependencies.ledger.readEvents('0-0', { waitMs: 0, limit: 1000 });
  return events.filter(concerns);
}

describe('the events of a job', () => {
  it('begin with a snapshot, tell what happens, and end', async () => {
    const id = await createJob('talk1.wav');
    const stream = await follow(`/v1/jobs/${id}/events`);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      'cache-control': 'no-cache, no-transform',
    });
    expect(await stream.next()).toMatchObject({
      event: 'snapshot',
      id: expect.stringMatching(/^\d+-\d+$/) as string,
      data: { id, status: 'queued' },
    });
    await finishJob(api.dependencies, id);
    const rest = await stream.rest();
    expect(rest.map(({ event }) => event)).toEqual(['job.running', 'job.done', 'end']);
    expect(rest.at(-1)?.data).toMatchObject({ status: 'done' });
  });

  it('are each told once to a reader that resumes wherever it broke off', async () => {
    const id = await createJob('talk2.wav');
    await createJob('other.wav');
    const { ledger } = api.dependencies;
    const first = await follow(`/v1/jobs/${id}/events`);
    const snapshot = await first.next();
    first.close();
    const started = await ledger.startAttempt(id, 'host');
    await ledger.reportStep({ jobId: id, attempt: started?.attempt ?? 0 }, 'recognize', 60);
    await ledger.reportChunk(id, { index: 0, doneSeconds: 20 });
    await ledger.handBack({ jobId: id, attempt: started?.attempt ?? 0 });
    await finishJob(api.dependencies, id, 'failed');

    const all = (await readAll((event) => event.job === id)).slice(1).map((event) => event.id);
    expect(all.length).toBeGreaterThan(4);
    const places = [snapshot?.id ?? '', ...all];
    for (const [index, place] of places.entries()) {
      const stream = await follow(`/v1/jobs/${id}/events`, place);
      const rest = await stream.rest();
      expect(rest.slice(0, -1).map((message) => message.id)).toEqual(all.slice(index));
      expect(rest.at(-1)?.event).toBe('end');
    }
  });

  it('go on past a failure that was tried again', async () => {
    const id = await createJob('talk3.wav');
    const { ledger } = api.dependencies;
    const place = await ledger.getLastEventId();
    await finishJob(api.dependencies, id, 'failed');
    await ledger.requeueJob(id);
    const stream = await follow(`/v1/jobs/${id}/events`, place);
    const events = [];
    for (let i = 0; i < 3; i++) events.push((await stream.next())?.event);
    expect(events).toEqual(['job.running', 'job.failed', 'job.queued']);
    await finishJob(api.dependencies, id);
    expect((await stream.rest()).map(({ event }) => event)).toEqual([
      'job.running',
      'job.done',
      'end',
    ]);
  });

  it('begin anew with a snapshot where the reader’s place is not known', async () => {
    const id = await createJob('talk4.wav');
    for (const place of ['12345-0', 'nonsense', '99999999999999-0']) {
      const stream = await follow(`/v1/jobs/${id}/events`, place);
      expect(await stream.next()).toMatchObject({ event: 'snapshot', data: { id } });
      stream.close();
    }
  });

  it('reach many readers, each whole, through one reader of Redis', async () => {
    const id = await createJob('talk5.wav');
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => follow(`/v1/jobs/${id}/events`)),
    );
    for (const stream of streams) expect((await stream.next())?.event).toBe('snapshot');
    const before = await countConnections();
    await finishJob(api.dependencies, id);
    for (const stream of streams) {
      expect((await stream.rest()).map(({ event }) => event)).toEqual([
        'job.running',
        'job.done',
        'end',
      ]);
    }
    expect(await countConnections()).toBe(before);
    expect(before).toBeLessThan(10);
  });

  it('have room for 200 readers of a tenant, and for another when one has left', async () => {
    const path = `/v1/jobs/${await createJob('watched.wav')}/events`;
    const streams = await Promise.all(Array.from({ length: 200 }, () => follow(path)));
    const refused = await request(path);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '10']);
    expect(Buffer.concat(await refused.toArray()).toString()).toContain('QUOTA_EXCEEDED');
    streams.pop()?.close();
    await vi.waitFor(async () => streams.push(await follow(path)));
    streams.forEach((stream) => stream.close());
  });
});

describe('the events of a batch', () => {
  it('tell of its jobs and, at most once a second, of its counts', async () => {
    await createBatch('b1');
    const ids = [await createJob('a1.wav', 'b1'), await createJob('a2.wav', 'b1')];
    const stream = await follow('/v1/batches/b1/events');
    expect(await stream.next()).toMatchObject({ event: 'snapshot', data: { status: 'expanding' } });
    await api.dependencies.ledger.completeExpansion('b1');
    await finishJob(api.dependencies, ids[0] ?? '');
    const seen: Message[] = [];
    while (!seen.some(({ event }) => event === 'batch.progress')) {
      const message = await stream.next();
      if (message) seen.push(message);
    }
    expect(seen.at(-1)).not.toHaveProperty('id');
    expect(seen.at(-1)?.data).toMatchObject({ counts: { done: 1, queued: 1 } });
    await finishJob(api.dependencies, ids[1] ?? '', 'failed');
    const rest = await stream.rest();
    expect(rest.map(({ event }) => event).filter((event) => event !== 'batch.progress')).toEqual([
      'job.running',
      'job.failed',
      'batch.finished',
      'end',
    ]);
    expect(rest.at(-1)?.data).toMatchObject({ status: 'finished', counts: { done: 1, failed: 1 } });
  });
});

async function countConnections(): Promise<number> {
  const list = await api.dependencies.redis.client('LIST');
  return String(list).trim().split('\n').length;
}
