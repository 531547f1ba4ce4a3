import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  startWebhookSender,
  type WebhookSender,
} from '../../apps/api/dist/webhooks/start-webhook-sender.js';
import { ADMIN_KEY, finishJob, type FleetApi, startFleetApi } from '../fixtures/fleet-api.js';
import { type RedisServer, startRedisServer } from '../servers/redis-server.js';

const patience = { timeout: 30_000, interval: 20 };

type Received = { headers: Record<string, string | string[] | undefined>; body: string };
type Verify = (
  body: string,
  options: { headers: Received['headers']; secret: string; nowSeconds: number },
) => boolean;

let redisServer: RedisServer;
let api: FleetApi;
let receiver: Server;
let hook: string;
let received: Received[] = [];
/** What the receiver answers next; 200 when empty. */
let answers: number[] = [];
let senders: WebhookSender[] = [];
let verify: Verify;

beforeAll(async () => {
  redisServer = await startRedisServer();
  api = await startFleetApi({ redisUrl: redisServer.url });
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(answers.shift() ?? 200, { location: 'http://127.0.0.1:1/' });
      response.end('x'.repeat(5000));
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  verify = await loadExample();
});

beforeEach(async () => {
  await api.dependencies.redis.flushall();
  received = [];
  answers = [];
});

afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.close()));
  senders = [];
});

afterAll(async () => {
  await api.close();
  await new Promise((resolve) => receiver.close(resolve));
  await redisServer.stop();
});

/** The code that docs/webhooks.md shows to receivers. */
async function loadExample(): Promise<Verify> {
  const text = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    verifyWebhook: Verify;
  };
  return module.verifyWebhook;
}

function start(planPause: (tries: number) => number = () => 50): void {
  senders.push(startWebhookSender(api.dependencies, { planPause, claimMs: 1000 }));
}

async function call<T>(method: 'GET' | 'POST', url: string, payload?: object): Promise<T> {
  const response = await api.server.inject({
    method,
    url,
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
    ...(payload && { payload }),
  });
  expect(response.statusCode).toBeLessThan(300);
  return response.json();
}

async function submitJob(name: string, url = hook): Promise<string> {
  const source = await api.addRecording(name);
  const { id } = await call<{ id: string }>('POST', '/v1/jobs', { source, webhook: { url } });
  return id;
}

type Deliveries = {
  items: { id: string; status: string; tries: { status?: number; response?: string }[] }[];
};
const listDeliveries = (job: string) => call<Deliveries>('GET', `/v1/jobs/${job}/deliveries`);

async function whenStatus(job: string, status: string) {
  return vi.waitFor(async () => {
    const [delivery] = (await listDeliveries(job)).items;
    expect(delivery?.status).toBe(status);
    if (!delivery) throw new Error('There is none.');
    return delivery;
  }, patience);
}

describe('a webhook', () => {
  it('reaches a receiver that was down, once, signed so that the example in the docs accepts it', async () => {
    answers = [503, 302, 500];
    start();
    const job = await submitJob('down.wav');
    await finishJob(api.dependencies, job);
    const delivery = await whenStatus(job, 'delivered');
    expect(delivery.tries.map(({ status }) => status)).toEqual([503, 302, 500, 200]);
    expect(delivery.tries[0]?.response).toHaveLength(1024);
    expect(received).toHaveLength(4);
    expect(new Set(received.map(({ headers }) => headers['stenofleet-id']))).toEqual(
      new Set([delivery.id]),
    );
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);

    const { secret } = await call<{ secret: string }>('GET', '/v1/webhooks/secret');
    const [{ headers, body } = { headers: {}, body: '' }] = received.slice(-1);
    expect(JSON.parse(body)).toMatchObject({
      id: delivery.id,
      type: 'job.done',
      job: { id: job, status: 'done' },
    });
    const nowSeconds = Number(headers['stenofleet-timestamp']);
    expect(verify(body, { headers, secret, nowSeconds })).toBe(true);
    expect(verify(body.replace('done', 'gone'), { headers, secret, nowSeconds })).toBe(false);
    expect(verify(body, { headers, secret: `${secret}x`, nowSeconds })).toBe(false);
    expect(verify(body, { headers, secret, nowSeconds: nowSeconds + 301 })).toBe(false);
    const shifted = { ...headers, 'stenofleet-timestamp': String(nowSeconds + 1) };
    expect(verify(body, { headers: shifted, secret, nowSeconds })).toBe(false);
    expect(
      verify(body, { headers: { ...headers, 'stenofleet-signature': 'v1=' }, secret, nowSeconds }),
    ).toBe(false);
  });

  it('is sent once by two senders', async () => {
    start();
    start();
    const jobs = await Promise.all(
      Array.from({ length: 20 }, (_, index) => submitJob(`two${index}.wav`)),
    );
    for (const job of jobs) await finishJob(api.dependencies, job);
    for (const job of jobs) await whenStatus(job, 'delivered');
    const { redis, keys } = api.dependencies;
    await vi.waitFor(async () => expect(await redis.xlen(keys.notices)).toBe(0), patience);
    expect(received).toHaveLength(20);
    expect(new Set(received.map(({ headers }) => headers['stenofleet-id'])).size).toBe(20);
  });

  it('that a dead sender took is taken over by another', async () => {
    const { redis, keys } = api.dependencies;
    await redis.xgroup('CREATE', keys.notices, 'webhooks', '0', 'MKSTREAM');
    const job = await submitJob('taken.wav');
    await finishJob(api.dependencies, job);
    await redis.xreadgroup('GROUP', 'webhooks', 'dead', 'COUNT', 10, 'STREAMS', keys.notices, '>');
    start();
    await whenStatus(job, 'delivered');
    expect(received).toHaveLength(1);
  });

  it('is no longer sent where the receiver answers 410, and is sent again on demand', async () => {
    answers = [410];
    start();
    const job = await submitJob('gone.wav');
    await finishJob(api.dependencies, job, 'failed');
    const { id } = await whenStatus(job, 'stopped');
    await call('POST', `/v1/deliveries/${id}/redeliver`);
    await whenStatus(job, 'delivered');
    expect(received.map(({ headers }) => headers['stenofleet-id'])).toEqual([id, id]);
    await call('POST', `/v1/deliveries/${id}/redeliver`);
    await vi.waitFor(() => expect(received).toHaveLength(3), patience);
  });

  it('that waits for its next try is sent at once on demand', async () => {
    answers = [500];
    start(() => 3_600_000);
    const job = await submitJob('waits.wav');
    await finishJob(api.dependencies, job);
    const { id } = await vi.waitFor(async () => {
      const [delivery] = (await listDeliveries(job)).items;
      if (delivery?.tries.length !== 1) throw new Error('Not tried yet.');
      return delivery;
    }, patience);
    await vi.waitFor(async () => {
      const { queues } = api.dependencies;
      expect(await queues.get(queues.catalogue.webhooks).getDelayedCount()).toBe(1);
    }, patience);
    await call('POST', `/v1/deliveries/${id}/redeliver`);
    await whenStatus(job, 'delivered');
  });

  it('does not go to a private address that is not allowed', async () => {
    start();
    const { redis, keys } = api.dependencies;
    const job = await submitJob('private.wav');
    // As if it had been accepted under other settings.
    await redis.hset(keys.job(job), 'wh', 'http://169.254.169.254/latest');
    await finishJob(api.dependencies, job);
    const found = await vi.waitFor(async () => {
      const [delivery] = (await listDeliveries(job)).items;
      if (!delivery || delivery.tries.length === 0) throw new Error('Not tried yet.');
      return delivery;
    }, patience);
    expect(found.tries[0]).toMatchObject({ error: expect.stringContaining('refused') as string });
    expect(received).toHaveLength(0);
  });

  it('reaches its receiver while another one leaves everything it is sent unanswered', async () => {
    const silent = 'http://127.0.0.1:9/silent';
    const held: (() => void)[] = [];
    senders.push(
      startWebhookSender(api.dependencies, {
        claimMs: 1000,
        post: ({ url }) =>
          url === silent
            ? new Promise((resolve) => held.push(() => resolve({ error: 'no answer' })))
            : Promise.resolve({ status: 200, response: '' }),
      }),
    );
    for (let n = 0; n < 70; n++) {
      await finishJob(api.dependencies, await submitJob(`silent-${n}.wav`, silent));
    }
    const job = await submitJob('heard.wav');
    await finishJob(api.dependencies, job);
    await whenStatus(job, 'delivered');
    expect(held).toHaveLength(4);
    held.forEach((release) => release());
  });

  it('is signed with the old and the new secret after a rotation', async () => {
    start();
    const { secret: old } = await call<{ secret: string }>('GET', '/v1/webhooks/secret');
    const { secret } = await call<{ secret: string }>('POST', '/v1/webhooks/secret/rotate');
    const job = await submitJob('rotated.wav');
    await finishJob(api.dependencies, job);
    await whenStatus(job, 'delivered');
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const nowSeconds = Number(headers['stenofleet-timestamp']);
    const digest = createHmac('sha256', secret).update(`${nowSeconds}.${body}`).digest('hex');
    expect(String(headers['stenofleet-signature'])).toContain(`v1=${digest}`);
    expect(verify(body, { headers, secret, nowSeconds })).toBe(true);
    expect(verify(body, { headers, secret: old, nowSeconds })).toBe(true);
  });
});
