import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  listInstalledModels,
  pullModel,
  removeModel,
  resolveModel,
  verifyModel,
  type PullOptions,
  type TransferProgress,
} from '@stenofleet/model-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256, startHubStub, type HubStub, type StubRepository } from '../servers/hub-stub.js';

// Known to the catalogue without pinned hashes, so that small random files can stand in.
const id = 'parakeet-tdt-0.6b-v3-optimized';
const repositoryName = 'Olicorne/parakeet-tdt-0.6b-v3-optimized-onnx';
const commit = '8a9229fe6a84898bcd05abd31d541722560b80f8';
const encoderPath = 'int8/encoder-model.int8.onnx';
const encoderBytes = 300_000;

let root: string;
let repository: StubRepository;
let hub: HubStub;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'model-store-'));
  repository = {
    commit,
    files: {
      'README.md': Buffer.from('# stub'),
      'config.json': Buffer.from('{"model_type": "nemo-conformer-tdt"}'),
      'vocab.txt': Buffer.from('a 0\n<blk> 1\n'),
      'nemo128.onnx': randomBytes(5_000),
      'fp32/decoder_joint-model.onnx': randomBytes(2_000),
      'fp32/decoder_joint-model.onnx.data': randomBytes(20_000),
      'fp32/encoder-model.onnx': randomBytes(2_000),
      'fp32/encoder-model.onnx.data.000': randomBytes(30_000),
      'fp32/encoder-model.onnx.data.001': randomBytes(20_000),
      [encoderPath]: randomBytes(encoderBytes),
      'int8/decoder_joint-model.int8.onnx': randomBytes(2_000),
      'istupakov_smoothquant/fp32/encoder-model.onnx.data.000': randomBytes(2_000),
    },
  };
  hub = await startHubStub({
    [repositoryName]: repository,
    'istupakov/parakeet-tdt-0.6b-v3-onnx': {
      commit: '8f23f0c03c8761650bdb5b40aaf3e40d2c15f1ce',
      files: Object.fromEntries(
        [
          'encoder-model.int8.onnx',
          'decoder_joint-model.onnx',
          'vocab.txt',
          'config.json',
          'nemo128.onnx',
        ].map((path) => [path, randomBytes(10)]),
      ),
    },
  });
});

afterEach(async () => {
  await hub.close();
  await rm(root, { recursive: true, force: true });
});

function pull(options: Partial<PullOptions> = {}) {
  return pullModel(id, { root, hubUrl: hub.url, retryDelayMs: 1, ...options });
}

function installedPath(path: string): string {
  return join(root, id, commit, path);
}

/** The Range headers with which a file was asked for, in order; undefined for a request from the start. */
function rangesOf(path: string): (string | undefined)[] {
  const requests = hub.requests.filter(({ server }) => server === 'storage');
  return requests.filter((request) => request.path.endsWith(path)).map(({ range }) => range);
}

describe('pulling a model', () => {
  it('installs a tier that resolves to its files', async () => {
    const result = await pull({ tier: 'int8' });
    expect(result).toMatchObject({ id, tier: 'int8', alreadyInstalled: false });
    const { description, provenance } = await resolveModel(id, { root });
    expect(description).toMatchObject({
      tier: 'int8',
      family: 'nemo-tdt',
      maxSegmentSeconds: 60,
      subsamplingFactor: 8,
      files: {
        encoder: installedPath(encoderPath),
        decoderJoint: installedPath('fp32/decoder_joint-model.onnx'),
        vocabulary: installedPath('vocab.txt'),
      },
    });
    expect(provenance.source).toEqual({ repository: repositoryName, revision: commit });
    const files = Object.fromEntries(provenance.files.map((file) => [file.path, file]));
    expect(Object.keys(files).sort()).toEqual(
      [
        encoderPath,
        'config.json',
        'fp32/decoder_joint-model.onnx',
        'fp32/decoder_joint-model.onnx.data',
        'nemo128.onnx',
        'vocab.txt',
      ]
        .map((path) => `${commit}/${path}`)
        .sort(),
    );
    expect(files[`${commit}/${encoderPath}`]?.sha256).toBe(sha256(contentOf(encoderPath)));
    expect(await readFile(installedPath(encoderPath))).toEqual(contentOf(encoderPath));
  });

  it('asks for nothing when the tier is there', async () => {
    await pull();
    const requests = hub.requests.length;
    expect(await pull()).toMatchObject({ alreadyInstalled: true });
    expect(hub.requests).toHaveLength(requests);
  });

  it('reports progress up to the total', async () => {
    const seen: number[] = [];
    const { bytes } = await pull({ onProgress: ({ doneBytes }) => seen.push(doneBytes) });
    expect(seen.at(-1)).toBe(bytes);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('fetches what tiers share once', async () => {
    await pull({ tier: 'int8' });
    await pull({ tier: 'fp32' });
    expect(rangesOf('fp32/decoder_joint-model.onnx.data')).toHaveLength(1);
    const { provenance } = await resolveModel(id, { root, tier: 'fp32' });
    expect(provenance.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        `${commit}/fp32/encoder-model.onnx.data.000`,
        `${commit}/fp32/encoder-model.onnx.data.001`,
      ]),
    );
  });

  it('can be copied to another host', async () => {
    await pull();
    const otherRoot = join(root, 'other');
    await cp(join(root, id), join(otherRoot, id), { recursive: true });
    const { description } = await resolveModel(id, { root: otherRoot });
    expect(description.files.encoder).toBe(join(otherRoot, id, commit, encoderPath));
    const reports = await verifyModel(id, { root: otherRoot });
    expect(reports.every(({ status }) => status === 'ok')).toBe(true);
  });

  it('refuses a repository whose file is not the pinned one, before fetching it', async () => {
    const pulled = pullModel('parakeet-tdt-0.6b-v3', { root, hubUrl: hub.url });
    await expect(pulled).rejects.toMatchObject({ code: 'MODEL_FILE_CORRUPT', retryable: false });
    expect(hub.requests.some(({ path }) => path.includes('/resolve/'))).toBe(false);
  });

  it.each([
    ['no-such-model', undefined, 'MODEL_UNKNOWN'],
    ['../etc', undefined, 'MODEL_UNKNOWN'],
    [id, 'int3', 'MODEL_UNKNOWN_TIER'],
    ['parakeet-tdt-0.6b-v3-smoothquant', undefined, 'MODEL_SOURCE_NOT_FOUND'],
    [id, 'w4a8', 'MODEL_LAYOUT_UNKNOWN'],
  ])('refuses %s (tier %s) as %s', async (model, tier, code) => {
    const pulled = pullModel(model, { root, hubUrl: hub.url, tier });
    await expect(pulled).rejects.toMatchObject({ code });
  });
});

describe('an unreliable hub', () => {
  it('continues where a dropped connection stopped', async () => {
    const { onProgress, reached } = trackEncoder();
    hub.faults.set(encoderPath, [
      { kind: 'drop', afterBytes: 100_000, when: reached(100_000) },
      { kind: 'drop', afterBytes: 50_000, when: reached(150_000) },
    ]);
    await pull({ onProgress });
    expect(rangesOf(encoderPath)).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
    expect(await readFile(installedPath(encoderPath))).toEqual(contentOf(encoderPath));
  });

  it('continues where a cancelled pull stopped', async () => {
    const cancel = new AbortController();
    const { onProgress, reached } = trackEncoder();
    hub.faults.set(encoderPath, [{ kind: 'stall', afterBytes: 120_000 }]);
    const pulled = pull({ signal: cancel.signal, onProgress });
    const cancelled = expect(pulled).rejects.toMatchObject({ code: 'MODEL_CANCELLED' });
    await reached(120_000);
    cancel.abort();
    await cancelled;
    await expect(resolveModel(id, { root })).rejects.toMatchObject({ code: 'MODEL_NOT_INSTALLED' });
    await pull();
    expect(rangesOf(encoderPath)).toEqual([undefined, 'bytes=120000-']);
    await expectVerified();
  });

  it('continues, and takes over the lock, where a killed process stopped', async () => {
    hub.faults.set(encoderPath, [{ kind: 'stall', afterBytes: 120_000 }]);
    const script = `
      import { pullModel } from '@stenofleet/model-store';
      await pullModel('${id}', ${JSON.stringify({ root, hubUrl: hub.url })});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      stdio: 'inherit',
    });
    const partial = `${installedPath(encoderPath)}.partial`;
    await expect
      .poll(() =>
        stat(partial).then(
          ({ size }) => size,
          () => 0,
        ),
      )
      .toBe(120_000);
    await expect(pull()).rejects.toMatchObject({
      code: 'MODEL_LOCKED',
      retryable: true,
      details: { holder: { pid: child.pid, host: hostname() } },
    });
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await pull();
    expect(rangesOf(encoderPath)).toEqual([undefined, 'bytes=120000-']);
    await expectVerified();
  });

  it('starts anew when the server ignores Range', async () => {
    const { onProgress, reached } = trackEncoder();
    const drop = { kind: 'drop', afterBytes: 100_000, when: reached(100_000) } as const;
    hub.faults.set(encoderPath, [drop, { kind: 'ignore-range' }]);
    await pull({ onProgress });
    expect(rangesOf(encoderPath)).toEqual([undefined, 'bytes=100000-']);
    await expectVerified();
  });

  it('fetches a corrupt file a second time', async () => {
    hub.faults.set(encoderPath, [{ kind: 'corrupt' }]);
    await pull();
    expect(rangesOf(encoderPath)).toEqual([undefined, undefined]);
    await expectVerified();
  });

  it.each([encoderPath, 'vocab.txt'])('refuses %s when it stays corrupt', async (path) => {
    hub.faults.set(path, [{ kind: 'corrupt' }, { kind: 'corrupt' }]);
    await expect(pull()).rejects.toMatchObject({ code: 'MODEL_FILE_CORRUPT' });
    await expect(stat(installedPath(path))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(`${installedPath(path)}.partial`)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(resolveModel(id, { root })).rejects.toMatchObject({ code: 'MODEL_NOT_INSTALLED' });
  });

  it('does not believe a partial file that an earlier revision of the file left', async () => {
    await mkdir(join(root, id, commit, 'int8'), { recursive: true });
    await writeFile(`${installedPath(encoderPath)}.partial`, randomBytes(1_000));
    await pull();
    expect(rangesOf(encoderPath)).toEqual(['bytes=1000-', undefined]);
    await expectVerified();
  });

  it('tries again after 503, and after an expired storage link', async () => {
    hub.faults.set('listing', [{ kind: 'status', status: 503 }]);
    hub.faults.set(encoderPath, [{ kind: 'status', status: 403 }]);
    await pull();
    await expectVerified();
  });

  it('gives up after a bounded number of tries', async () => {
    hub.faults.set(
      encoderPath,
      Array.from({ length: 9 }, () => ({ kind: 'status', status: 500 }) as const),
    );
    const pulled = pull({ maxAttempts: 3 });
    await expect(pulled).rejects.toMatchObject({ code: 'MODEL_HUB_UNAVAILABLE', retryable: true });
    expect(rangesOf(encoderPath)).toHaveLength(3);
  });

  it('does not wait for ever on a hub that falls silent', async () => {
    hub.faults.set(encoderPath, [{ kind: 'stall', afterBytes: 1_000 }]);
    hub.faults.set('listing', [{ kind: 'stall', afterBytes: 0 }]);
    await pull({ idleTimeoutMs: 100 });
    await expectVerified();
  });

  it('says so when nothing listens', async () => {
    const hubUrl = hub.url;
    await hub.close();
    const pulled = pull({ hubUrl, maxAttempts: 2 });
    await expect(pulled).rejects.toMatchObject({ code: 'MODEL_HUB_UNAVAILABLE' });
  });
});

describe('a gated repository', () => {
  beforeEach(() => {
    repository.token = 'secret-token';
  });

  it.each([undefined, 'another-token'])('is refused with token %s', async (accessToken) => {
    const pulled = pull({ accessToken });
    await expect(pulled).rejects.toMatchObject({ code: 'MODEL_GATED', retryable: false });
    await expect(pulled).rejects.toThrow(/HF_TOKEN/);
  });

  it('is pulled with its token, which the storage host never sees', async () => {
    await pull({ accessToken: 'secret-token' });
    const storage = hub.requests.filter(({ server }) => server === 'storage');
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(hub.requests[0]?.authorization).toBe('Bearer secret-token');
    const written = await readFile(join(root, id, 'model.json'), 'utf8');
    expect(written).not.toContain('secret');
  });
});

describe('a locked model', () => {
  it('lets only one of two pulls through', async () => {
    const results = await Promise.allSettled([pull(), pull()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'MODEL_LOCKED', details: { holder: { pid: process.pid } } },
    });
  });

  it('is waited for on request', async () => {
    const wait = { lockWaitMs: 10_000 };
    const results = await Promise.all([pull(wait), pull(wait)]);
    const found = results.map(({ alreadyInstalled }) => alreadyInstalled);
    expect(new Set(found)).toEqual(new Set([false, true]));
  });

  it('stays locked for another host, and is free again afterwards', async () => {
    const lock = join(root, `.${id}.lock`);
    const holder = { pid: 1, host: 'elsewhere', processStartedMs: 0, since: 'yesterday' };
    await writeFile(lock, JSON.stringify(holder));
    await expect(pull()).rejects.toThrow(/process 1 on elsewhere since yesterday/);
    await rm(lock);
    await pull();
    expect((await readdir(root)).sort()).toEqual([id]);
  });
});

describe('an installed model', () => {
  it('keeps shared files when one tier is removed', async () => {
    await pull({ tier: 'int8' });
    await pull({ tier: 'fp32' });
    await removeModel(id, { root, tier: 'int8' });
    await expect(stat(installedPath('int8'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await resolveModel(id, { root })).tier).toBe('fp32');
    await expectVerified();
    await removeModel(id, { root });
    expect(await readdir(root)).toEqual([]);
  });

  it('is no longer resolved when a file is cut short, and repaired by another pull', async () => {
    await pull();
    await writeFile(installedPath(encoderPath), 'short');
    await expect(resolveModel(id, { root })).rejects.toMatchObject({
      code: 'MODEL_NOT_INSTALLED',
      details: { damagedFiles: [`${commit}/${encoderPath}`] },
    });
    expect(await pull()).toMatchObject({ alreadyInstalled: false });
    await expectVerified();
  });

  it('is verified file by file', async () => {
    await pull();
    await writeFile(installedPath(encoderPath), randomBytes(encoderBytes));
    await rm(installedPath('vocab.txt'));
    const reports = await verifyModel(id, { root, tier: 'int8' });
    const problems = reports.filter(({ status }) => status !== 'ok');
    expect(problems.map(({ path, status }) => [path, status])).toEqual([
      [`${commit}/${encoderPath}`, 'wrong-hash'],
      [`${commit}/vocab.txt`, 'missing'],
    ]);
  });

  it('comes with the demo model, which cannot be removed', async () => {
    const { description, manifest } = await resolveModel('demo-en', { root });
    expect(manifest).toMatchObject({ demo: true, license: 'MIT' });
    expect((await stat(description.files.encoder)).isFile()).toBe(true);
    const reports = await verifyModel('demo-en', { root });
    expect(reports.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
    const pulled = await pullModel('demo-en', { root, hubUrl: hub.url });
    expect(pulled.alreadyInstalled).toBe(true);
    const installed = await listInstalledModels({ root });
    expect(installed.map(({ manifest: { id: listed }, bundled }) => [listed, bundled])).toEqual([
      ['demo-en', true],
    ]);
    await expect(removeModel('demo-en', { root })).rejects.toMatchObject({ code: 'MODEL_BUNDLED' });
  });
});

/** Tells when so much of the encoder is on disk. */
function trackEncoder() {
  const waiting = new Map<number, () => void>();
  return {
    onProgress: ({ path, fileDoneBytes }: TransferProgress): void => {
      if (path === encoderPath) waiting.get(fileDoneBytes)?.();
    },
    reached: (bytes: number) => new Promise<void>((resolve) => waiting.set(bytes, resolve)),
  };
}

function contentOf(path: string): Buffer {
  return repository.files[path] ?? Buffer.alloc(0);
}

async function expectVerified(): Promise<void> {
  const reports = await verifyModel(id, { root });
  expect(reports.map(({ status }) => status)).toEqual(reports.map(() => 'ok'));
  expect(reports.length).toBeGreaterThan(0);
}
