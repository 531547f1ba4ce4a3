import { jobRequestSchema, type JobRecord } from '@stenofleet/shared/job';
import { describe, expect, it } from 'vitest';
import { cancelJob, deleteJob, retryJob } from './change-job.js';
import { submitJob } from './submit-job.js';
import { createFakeDependencies } from './testing/fake-dependencies.js';

async function openJob(status: JobRecord['status'] = 'queued') {
  const dependencies = createFakeDependencies();
  const request = jobRequestSchema.parse({ source: 'https://example.org/talk.mp3' });
  const context = { principal: { tenant: 'a' } };
  const { record } = await submitJob(request, context, dependencies);
  const job = { ...record, status, attempt: 1 };
  dependencies.jobs.set(record.spec.id, job);
  dependencies.tickets.length = 0;
  return { dependencies, job, id: record.spec.id };
}

describe('cancelJob', () => {
  it('takes the tickets of all chunks out and clears scratch', async () => {
    const { dependencies, job, id } = await openJob('running');
    const removed: number[] = [];
    dependencies.queues.removeJob = (_record, numChunks) =>
      Promise.resolve(void removed.push(numChunks));
    await dependencies.store.put(`scratch/${id}/f/chunk-00000.flac`, 'x');
    await dependencies.store.put(`scratch/${id}/f/chunk-00011.json`, 'x');
    await dependencies.store.put('scratch/jother/f/chunk-00000.json', 'x');
    expect(await cancelJob(job, dependencies)).toMatchObject({ status: 'cancelled' });
    expect(removed).toEqual([12]);
    expect([...dependencies.store.objects.keys()]).toEqual(['scratch/jother/f/chunk-00000.json']);
  });

  it.each(['done', 'partial', 'failed'] as const)('refuses a job that is %s', async (status) => {
    const { dependencies, job } = await openJob(status);
    await expect(cancelJob(job, dependencies)).rejects.toMatchObject({
      code: 'JOB_STATE_CONFLICT',
      details: { status },
    });
  });
});

describe('retryJob', () => {
  it('puts the job back only when its worker has let go of the old ticket', async () => {
    const { dependencies, job, id } = await openJob('cancelled');
    let asked = 0;
    dependencies.queues.isInHand = () => {
      expect(dependencies.jobs.get(id)?.status).toBe('cancelled');
      return Promise.resolve(++asked < 3);
    };
    expect(await retryJob(job, dependencies)).toMatchObject({ status: 'queued' });
    expect(asked).toBe(3);
    expect(dependencies.tickets).toEqual([id]);
  });

  it.each(['failed', 'partial', 'cancelled'] as const)(
    'queues a job that is %s',
    async (status) => {
      const { dependencies, job, id } = await openJob(status);
      expect(await retryJob(job, dependencies)).toMatchObject({ status: 'queued' });
      expect(dependencies.tickets).toEqual([id]);
    },
  );

  it.each(['queued', 'running', 'done'] as const)('refuses a job that is %s', async (status) => {
    const { dependencies, job } = await openJob(status);
    await expect(retryJob(job, dependencies)).rejects.toMatchObject({ code: 'JOB_STATE_CONFLICT' });
    expect(dependencies.tickets).toEqual([]);
  });
});

describe('deleteJob', () => {
  const publish = async (jobId: string) => {
    const { dependencies, job, id } = await openJob('done');
    const { prefix } = job.spec.output;
    const base = `results/a/${id}`;
    const file = { format: 'srt', url: `${prefix}/talk.a1.srt`, bytes: 1, sha256: '' };
    const foreign = { format: 'txt', url: 's3://elsewhere/x.txt', bytes: 1, sha256: '' };
    const manifest = {
      schema: 'stenofleet.manifest',
      version: 1,
      jobId: jobId === 'own' ? id : jobId,
      tenant: 'a',
      status: 'done',
      source: job.spec.source,
      plan: job.spec.plan,
      metadata: {},
      files: [file, foreign],
      audioSeconds: 1,
      speechSeconds: 1,
      words: 1,
      computeSeconds: 1,
      flags: [],
      gaps: [],
      attempt: 1,
      versions: {},
      createdAt: '',
      publishedAt: '',
    };
    await dependencies.store.put(`${base}/talk.manifest.json`, JSON.stringify(manifest));
    await dependencies.store.put(`${base}/talk.a1.srt`, 'x');
    return { dependencies, job, base };
  };

  it('removes the manifest before the files it names', async () => {
    const { dependencies, job, base } = await publish('own');
    await deleteJob(job, { outputs: true, dependencies });
    const deleted = dependencies.store.calls.filter(({ method }) => method === 'delete');
    expect(deleted.map(({ key }) => key).slice(0, 2)).toEqual([
      `${base}/talk.manifest.json`,
      `${base}/talk.a1.srt`,
    ]);
    expect(dependencies.jobs.size).toBe(0);
  });

  it('leaves outputs alone unless told otherwise, and those of another job in any case', async () => {
    const kept = await publish('own');
    await deleteJob(kept.job, { outputs: false, dependencies: kept.dependencies });
    expect(kept.dependencies.store.objects.size).toBe(2);
    const others = await publish('jother');
    await deleteJob(others.job, { outputs: true, dependencies: others.dependencies });
    expect(others.dependencies.store.objects.size).toBe(2);
  });

  it.each(['queued', 'running'] as const)('refuses a job that is %s', async (status) => {
    const { dependencies, job } = await openJob(status);
    await expect(deleteJob(job, { outputs: true, dependencies })).rejects.toMatchObject({
      code: 'JOB_STATE_CONFLICT',
    });
    expect(dependencies.jobs.size).toBe(1);
  });
});
