import { jobRequestSchema, type JobRequestInput } from '@stenofleet/shared/job';
import { describe, expect, it } from 'vitest';
import { submitJob, type SubmitContext } from './submit-job.js';
import { createFakeDependencies, type FakeDependencies } from './testing/fake-dependencies.js';

const SHARED = { STENO_OUTPUT_PREFIXES: 'file:///nowhere/storage/out' };

function submit(
  dependencies: FakeDependencies,
  request: Partial<JobRequestInput> = {},
  context: Partial<SubmitContext> = {},
) {
  const wanted = jobRequestSchema.parse({ source: 'https://example.org/talk.mp3', ...request });
  return submitJob(wanted, { principal: { tenant: 'a' }, ...context }, dependencies);
}

/** What a worker leaves behind when it has published. */
async function publish(dependencies: FakeDependencies, id: string): Promise<void> {
  const { spec } = dependencies.jobs.get(id) ?? {};
  if (!spec) throw new Error('No such job.');
  const manifest = {
    schema: 'stenofleet.manifest',
    version: 1,
    jobId: id,
    tenant: spec.tenant,
    status: 'done',
    source: spec.source,
    plan: spec.plan,
    metadata: {},
    files: [],
    audioSeconds: 5,
    speechSeconds: 4,
    words: 3,
    computeSeconds: 1,
    flags: [],
    gaps: [],
    attempt: 1,
    versions: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    publishedAt: '2026-01-01T00:01:00.000Z',
  };
  const { prefix, name } = spec.output;
  await dependencies.openStore(prefix).put(`${name}.manifest.json`, JSON.stringify(manifest));
}

describe('submitJob', () => {
  it('records a job and puts its ticket into the queue', async () => {
    const dependencies = createFakeDependencies();
    const { record, created } = await submit(dependencies);
    expect(created).toBe(true);
    expect(dependencies.tickets).toEqual([record.spec.id]);
    expect(record.spec).toMatchObject({
      tenant: 'a',
      source: { uri: 'https://example.org/talk.mp3', name: 'talk.mp3', bytes: 5, etag: 'e1' },
      plan: { model: 'demo-en', tier: 'int8', channels: 'mix' },
      output: {
        prefix: `file:///nowhere/storage/results/a/${record.spec.id}`,
        name: 'talk',
        overwrite: false,
      },
    });
  });

  it('gives the same request the same job, and other options or tenants another', async () => {
    const dependencies = createFakeDependencies();
    const first = await submit(dependencies);
    const again = await submit(dependencies, { metadata: { note: 'not part of what it is' } });
    expect(again).toMatchObject({ created: false });
    expect(again.record.spec.id).toBe(first.record.spec.id);
    const others = [
      await submit(dependencies, { formats: ['srt'] }),
      await submit(dependencies, { channels: 'separate' }),
      await submit(dependencies, {}, { principal: { tenant: 'b' } }),
    ].map(({ record }) => record.spec.id);
    expect(new Set([first.record.spec.id, ...others]).size).toBe(4);
  });

  it('takes a default that is said for one that is not', async () => {
    const dependencies = createFakeDependencies();
    const first = await submit(dependencies);
    const said = { punctuation: true, inverseTextNormalization: false, betterTier: false };
    expect((await submit(dependencies, said)).record.spec.id).toBe(first.record.spec.id);
    const others = [
      await submit(dependencies, { punctuation: false }),
      await submit(dependencies, { inverseTextNormalization: true }),
      await submit(dependencies, { betterTier: true }),
    ].map(({ record }) => record.spec);
    expect(new Set([first.record.spec.id, ...others.map(({ id }) => id)]).size).toBe(4);
    expect(others.map(({ plan }) => plan)).toMatchObject([
      { punctuation: false },
      { inverseTextNormalization: true },
      { betterTier: true },
    ]);
  });

  it('heals a job whose ticket was never put into the queue', async () => {
    const dependencies = createFakeDependencies();
    const { record } = await submit(dependencies);
    dependencies.tickets.length = 0;
    await submit(dependencies);
    expect(dependencies.tickets).toEqual([record.spec.id]);
  });

  it('tells an upload by its content, not by the name of its file', async () => {
    const dependencies = createFakeDependencies();
    const upload = `upload:a/${'0'.repeat(64)}`;
    const first = await submit(dependencies, { source: `${upload}/one.mp3` });
    const again = await submit(dependencies, { source: `${upload}/two.mp3` });
    expect(again.record.spec.id).toBe(first.record.spec.id);
  });

  it('knows uploads of other tenants as little as ones that never were', async () => {
    const source = `upload:b/${'0'.repeat(64)}/one.mp3`;
    await expect(submit(createFakeDependencies(), { source })).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      field: 'source',
    });
  });

  it('does not take the fleet’s own storage for a source', async () => {
    const dependencies = createFakeDependencies({ environment: { STENO_STORAGE: 's3://fleet' } });
    for (const folder of ['results/b/j1', 'uploads/b', 'scratch/j1']) {
      await expect(
        submit(dependencies, { source: `s3://fleet/${folder}/x.mp3` }),
      ).rejects.toMatchObject({ code: 'SOURCE_FORBIDDEN' });
    }
    await expect(
      submit(dependencies, { source: 's3://fleet/recordings/x.mp3' }),
    ).resolves.toBeDefined();
  });

  describe('with an idempotency key', () => {
    it('gives the job of the key', async () => {
      const dependencies = createFakeDependencies();
      const first = await submit(dependencies, { idempotencyKey: 'k' });
      const again = await submit(dependencies, { idempotencyKey: 'k' });
      const other = await submit(dependencies, { idempotencyKey: 'k2', output: { name: 'x' } });
      expect(again).toMatchObject({
        created: false,
        record: { spec: { id: first.record.spec.id } },
      });
      expect(other.record.spec.id).not.toBe(first.record.spec.id);
    });

    it('refuses the key of another request', async () => {
      const dependencies = createFakeDependencies();
      await submit(dependencies, { idempotencyKey: 'k' });
      await expect(
        submit(dependencies, { idempotencyKey: 'k', formats: ['txt'] }),
      ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey' });
    });

    it('does not ask the source again', async () => {
      const dependencies = createFakeDependencies();
      const source = 'https://gone.example/x.mp3';
      const known = { uri: source, name: 'x.mp3' };
      await submit(dependencies, { source, idempotencyKey: 'k' }, { known });
      await expect(submit(dependencies, { source, idempotencyKey: 'k' })).resolves.toBeDefined();
      await expect(submit(dependencies, { source })).rejects.toMatchObject({
        code: 'SOURCE_NOT_FOUND',
        field: 'source',
      });
    });
  });

  describe('with an output prefix', () => {
    const output = { prefix: 'file:///nowhere/storage/out' };

    it('takes the full file name where the short one is taken', async () => {
      const dependencies = createFakeDependencies({ environment: SHARED });
      const name = async (file: string) =>
        (await submit(dependencies, { source: `https://example.org/${file}`, output })).record.spec
          .output.name;
      expect(await name('talk.mp3')).toBe('talk');
      expect(await name('talk.wav')).toBe('talk.wav');
      await expect(name('more/talk.wav')).rejects.toMatchObject({ code: 'OUTPUT_CONFLICT' });
    });

    it('does not look for another name than the one asked for', async () => {
      const dependencies = createFakeDependencies({ environment: SHARED });
      const named = { ...output, name: 'mine' };
      await submit(dependencies, { output: named });
      await expect(
        submit(dependencies, { source: 'https://example.org/b.mp3', output: named }),
      ).rejects.toMatchObject({ code: 'OUTPUT_CONFLICT', field: 'output.name' });
    });

    it('leaves alone what a forgotten job has published, unless told to', async () => {
      const dependencies = createFakeDependencies({ environment: SHARED });
      const first = await submit(dependencies, { output });
      await publish(dependencies, first.record.spec.id);
      dependencies.jobs.clear();
      const source = 'https://example.org/talk.wav';
      const beside = await submit(dependencies, { source, output });
      expect(beside.record.spec.output.name).toBe('talk.wav');
      dependencies.jobs.clear();
      const over = await submit(dependencies, { source, output: { ...output, overwrite: true } });
      expect(over.record.spec.output.name).toBe('talk');
    });
  });

  it('finds the result of a job whose record has left Redis', async () => {
    const dependencies = createFakeDependencies();
    const { record } = await submit(dependencies);
    await publish(dependencies, record.spec.id);
    dependencies.jobs.clear();
    dependencies.tickets.length = 0;
    const again = await submit(dependencies);
    expect(again).toMatchObject({
      created: false,
      record: { status: 'done', spec: { id: record.spec.id }, result: { words: 3 } },
    });
    expect(dependencies.tickets).toEqual([]);
  });

  it('refuses what goes beyond the quota, and says when to come again', async () => {
    const dependencies = createFakeDependencies({ environment: { STENO_QUOTA_JOBS: '1' } });
    await submit(dependencies);
    await expect(submit(dependencies, { formats: ['srt'] })).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { limit: 'jobs', retryAfterSeconds: 7 },
    });
    await expect(submit(dependencies)).resolves.toMatchObject({ created: false });
    await expect(
      submit(dependencies, { formats: ['srt'] }, { principal: { tenant: 'b' } }),
    ).resolves.toMatchObject({ created: true });
  });
});
