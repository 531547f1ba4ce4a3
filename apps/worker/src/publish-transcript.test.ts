import { type JobSpec, resultManifestSchema } from '@stenofleet/shared/job';
import { createFakeObjectStore, type FakeObjectStore } from '@stenofleet/shared/testing';
import { describe, expect, it } from 'vitest';
import { assembleTranscript } from './assemble-transcript.js';
import { type ChunkFailure, type StoredPlan, type StoredResult } from './checkpoints.js';
import { findPublished, publishTranscript } from './publish-transcript.js';
import { beginWork, createFakeLedger, makeModel, makeRecord, makeSpec } from './testing/fakes.js';

const SECOND = 16_000;
const segment = (start: number, end: number) => ({
  ...{ startSamples: start, endSamples: end, audioStartSamples: start, audioEndSamples: end },
  speechSamples: end - start,
});
const makeResult = (start: number, text: string): StoredResult => ({
  segments: [
    {
      channel: 0,
      segment: segment(start, start + 2 * SECOND),
      words: [
        {
          text,
          startSamples: start + 100,
          endSamples: start + SECOND,
          confidence: 0.9,
          timing: 'model',
        },
      ],
      guardEvents: [],
    },
  ],
  computeSeconds: 0.5,
});
const plan: StoredPlan = {
  version: 1,
  chunks: [0, 10].map((start) => ({
    startSamples: start * SECOND,
    endSamples: (start + 2) * SECOND,
    audioSeconds: 10,
  })),
  prepared: {
    computeSeconds: 0.5,
    durationSamples: 20 * SECOND,
    speech: [[0, 10].map((s) => ({ startSamples: s * SECOND, endSamples: (s + 2) * SECOND }))],
    levels: [
      {
        ...{ samples: 20 * SECOND, peak: 0.5, squareSum: 3200 },
        ...{ clippedSamples: 0, silentSamples: 0 },
      },
    ],
  },
  audio: { bytes: 10, container: 'wav', codec: 'pcm', sampleRateHz: SECOND, channels: 1, track: 0 },
};
const failure: ChunkFailure = {
  error: { code: 'AUDIO_UNREADABLE', message: 'spoilt', retryable: false },
  ...{ host: 'h', model: 'demo-en:int8', failedAtMs: 5 },
};
const versions = { stenofleet: '1', node: '20' };

function assemble({ partial = false, spoilt = false } = {}) {
  const spec = makeSpec();
  const record = makeRecord({ ...spec, plan: { ...spec.plan, partial } });
  const second = spoilt
    ? { kind: 'failure' as const, failure }
    : { kind: 'result' as const, result: makeResult(10 * SECOND, 'world') };
  const chunks = [{ kind: 'result' as const, result: makeResult(0, 'hello') }, second];
  return assembleTranscript({ record, model: makeModel() }, { plan, chunks }, { versions });
}

function publish(
  store: FakeObjectStore,
  {
    attempt = 1,
    overwrite = false,
    id = 'j1',
    queuedAtMs = 0,
    assembled = assemble(),
    formats = makeSpec().plan.formats,
  } = {},
) {
  const { ledger, state } = createFakeLedger();
  const given = makeSpec({ id, output: { prefix: store.url, name: 'talk', overwrite } });
  const spec = { ...given, plan: { ...given.plan, formats } };
  const publisher = {
    ...{
      record: makeRecord(spec),
      attempt: { jobId: id, attempt },
      work: beginWork(id),
      queuedAtMs,
    },
  };
  const context = { openStore: () => store, ledger, versions, now: () => 2_000_000 };
  return {
    ...{ state, publisher, context },
    run: () => publishTranscript(publisher, assembled, context),
    find: () => findPublished(publisher, context),
  };
}
const contents = ({ objects }: FakeObjectStore, key: string) =>
  objects.get(key)?.content.toString();

describe('a transcript', () => {
  it('is published with its manifest last, which names every file', async () => {
    const store = createFakeObjectStore();
    const outcome = await publish(store).run();
    expect(store.calls.filter(({ method }) => method === 'put').map(({ key }) => key)).toEqual([
      ...['talk.json', 'talk.txt', 'talk.manifest.json'],
    ]);
    const manifest = resultManifestSchema.parse(
      JSON.parse(contents(store, 'talk.manifest.json') ?? ''),
    );
    expect(manifest.files.map(({ url }) => url)).toEqual([
      ...[`${store.url}/talk.json`, `${store.url}/talk.txt`],
    ]);
    expect(manifest).toMatchObject({ words: 2, computeSeconds: 1.5, audioSeconds: 20 });
    expect(outcome).toMatchObject({ status: 'done', result: { words: 2 } });
    expect(contents(store, 'talk.txt')).toMatch(/hello[^]*world/);
  });

  it('has no manifest where one of its files cannot be written, and leaves nothing half done', async () => {
    const store = createFakeObjectStore();
    const put: FakeObjectStore['put'] = async (key, content, options) => {
      if (key === 'talk.srt') throw new Error('full');
      return store.put(key, content, options);
    };
    const formats: JobSpec['plan']['formats'] = ['txt', 'srt', 'vtt', 'json'];
    await expect(publish({ ...store, put }, { formats }).run()).rejects.toThrow('full');
    expect([...store.objects.keys()].sort()).toEqual(['talk.json', 'talk.txt', 'talk.vtt']);
  });

  it('has a manifest that names its files in the order asked for, whichever is written first', async () => {
    const store = createFakeObjectStore();
    const put: FakeObjectStore['put'] = async (key, content, options) => {
      if (key === 'talk.srt') await expect.poll(() => store.objects.has('talk.vtt')).toBe(true);
      return store.put(key, content, options);
    };
    const formats: JobSpec['plan']['formats'] = ['json', 'srt', 'vtt'];
    const { result } = await publish({ ...store, put }, { formats }).run();
    expect(result.files.map(({ format }) => format)).toEqual(formats);
  });

  it('has the same bytes whichever attempt writes it', async () => {
    const [one, other] = [createFakeObjectStore(), createFakeObjectStore()];
    await publish(one, { attempt: 1 }).run();
    await publish(other, { attempt: 7 }).run();
    expect(contents(other, 'talk.json')).toBe(contents(one, 'talk.json'));
  });

  it('is found by the next attempt if the first could not say so', async () => {
    const store = createFakeObjectStore();
    await publish(store).run();
    const next = publish(store, { attempt: 2 });
    expect(await next.find()).toMatchObject({ status: 'done' });
    await next.run();
    expect(JSON.parse(contents(store, 'talk.manifest.json') ?? '')).toMatchObject({ attempt: 1 });
  });

  it('replaces files that were left without a manifest', async () => {
    const store = createFakeObjectStore();
    await store.put('talk.json', 'half of it');
    await publish(store).run();
    expect(contents(store, 'talk.json')).toContain('hello');
  });

  it('is not written once another attempt has taken over', async () => {
    const store = createFakeObjectStore();
    const late = publish(store);
    late.state.standing = 'superseded';
    await expect(late.run()).rejects.toMatchObject({ reason: 'superseded' });
    expect(store.objects.size).toBe(0);
  });

  it('is taken back when its job is cancelled on the way', async () => {
    const store = createFakeObjectStore();
    const cancelled = publish(store);
    const { ledger } = cancelled.context;
    ledger.checkStanding = () => Promise.resolve('cancelled');
    await expect(cancelled.run()).rejects.toMatchObject({ reason: 'cancelled' });
    expect(store.objects.size).toBe(0);
  });

  it('does not replace the result of another job, unless it may', async () => {
    const store = createFakeObjectStore();
    await publish(store, { id: 'j0' }).run();
    const refused = publish(store);
    await expect(refused.find()).rejects.toMatchObject({ code: 'OUTPUT_CONFLICT' });
    await expect(refused.run()).rejects.toMatchObject({ code: 'OUTPUT_CONFLICT' });
    const allowed = publish(store, { overwrite: true });
    expect(await allowed.find()).toBeUndefined();
    await allowed.run();
    expect(JSON.parse(contents(store, 'talk.manifest.json') ?? '')).toMatchObject({ jobId: 'j1' });
  });

  it('with a gap is replaced when its job is asked for again, and only then', async () => {
    const store = createFakeObjectStore();
    await publish(store, { assembled: assemble({ partial: true, spoilt: true }) }).run();
    expect(await publish(store, { attempt: 2 }).find()).toMatchObject({ status: 'partial' });
    const retried = publish(store, { attempt: 2, queuedAtMs: 3_000_000 });
    expect(await retried.find()).toBeUndefined();
    expect(await retried.run()).toMatchObject({ status: 'done' });
  });
});

describe('a failed chunk', () => {
  it('fails the job with its own code, or leaves a marked gap where that was asked for', () => {
    expect(() => assemble({ spoilt: true })).toThrow('spoilt');
    const { status, gaps, document, error } = assemble({ partial: true, spoilt: true });
    expect(status).toBe('partial');
    expect(gaps).toEqual([{ startSeconds: 10, endSeconds: 12, code: 'AUDIO_UNREADABLE' }]);
    expect(error).toMatchObject({ code: 'AUDIO_UNREADABLE', retryable: false });
    expect(document.flags).toContainEqual(
      expect.objectContaining({ code: 'CHUNK_MISSING', start: 10, end: 12 }),
    );
    expect(document.text).toBe('hello');
  });
});
