import { existsSync } from 'node:fs';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  demoModel,
  importModel,
  listInstalledModels,
  pullModel,
  removeModel,
  resolveModel,
  verifyModel,
} from '@stenofleet/model-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const sharedModels = fileURLToPath(new URL('../../../shared/data/models', import.meta.url));
const lacksShared = !existsSync(sharedModels);

let root: string;
let folder: string;

beforeEach(async () => {
  const workspace = await mkdtemp(join(tmpdir(), 'model-import-'));
  root = join(workspace, 'models');
  folder = join(workspace, 'My Model (v1)');
  await mkdir(folder);
});

afterEach(() => rm(join(root, '..'), { recursive: true, force: true }));

async function writeFiles(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

const smallModel = {
  'config.json':
    '{"model_type": "nemo-conformer-tdt", "features_size": 80, "subsampling_factor": 4}',
  'vocab.txt': 'a 0\n<blk> 1\n',
  'encoder-model.int8.onnx': 'int8 encoder',
  'encoder-model.onnx': 'encoder',
  'encoder-model.onnx.data': 'weights',
  'decoder_joint-model.onnx': 'decoder',
  'decoder_joint-model.int8.onnx': 'int8 decoder',
  'notes.txt': 'not part of the model',
};

describe('importing a folder', () => {
  it('finds family, tiers and sizes from its files', async () => {
    await writeFiles(smallModel);
    expect(await importModel(folder, { root })).toEqual({
      id: 'my-model-v1',
      tiers: ['int8', 'fp32'],
    });
    const { description, manifest, provenance } = await resolveModel('my-model-v1', { root });
    expect(description).toMatchObject({
      tier: 'int8',
      family: 'nemo-tdt',
      frontEnd: { kind: 'nemo-log-mel', numMels: 80 },
      subsamplingFactor: 4,
      maxSegmentSeconds: 20,
      languages: ['und'],
    });
    expect(manifest.license).toBe('unknown');
    expect(provenance.source).toBeUndefined();
    expect(await readFile(description.files.decoderJoint ?? '', 'utf8')).toBe('decoder');
    const fp32 = await resolveModel('my-model-v1', { root, tier: 'fp32' });
    expect(await readFile(`${fp32.description.files.encoder}.data`, 'utf8')).toBe('weights');
    const place = join(description.files.encoder, '..');
    expect((await readdir(place)).sort()).toEqual([
      'config.json',
      'decoder_joint-model.onnx',
      'encoder-model.int8.onnx',
      'encoder-model.onnx',
      'encoder-model.onnx.data',
      'vocab.txt',
    ]);
  });

  it('believes the caller', async () => {
    await writeFiles(smallModel);
    const options = { id: 'mine', maxSegmentSeconds: 30, languages: ['de'], license: 'MIT' };
    await importModel(folder, { root, ...options });
    const { description, manifest } = await resolveModel('mine', { root });
    expect(description).toMatchObject({ id: 'mine', maxSegmentSeconds: 30, languages: ['de'] });
    expect(manifest.license).toBe('MIT');
  });

  it('turns links into plain files', async () => {
    await writeFiles(smallModel);
    await mkdir(join(root, '../blobs'), { recursive: true });
    await cp(join(folder, 'encoder-model.onnx'), join(root, '../blobs/1'));
    await rm(join(folder, 'encoder-model.onnx'));
    await symlink('../blobs/1', join(folder, 'encoder-model.onnx'));
    await importModel(folder, { root, id: 'linked' });
    await rm(folder, { recursive: true });
    const reports = await verifyModel('linked', { root });
    expect(new Set(reports.map(({ status }) => status))).toEqual(new Set(['ok']));
  });

  it('takes an exported model folder as it describes itself', async () => {
    await writeFiles(smallModel);
    await importModel(folder, { root, id: 'mine', languages: ['de'] });
    const secondRoot = join(root, '../second');
    await importModel(join(root, 'mine'), { root: secondRoot });
    const [first, second] = await Promise.all(
      [root, secondRoot].map((one) => resolveModel('mine', { root: one })),
    );
    expect(second?.description.languages).toEqual(['de']);
    expect(second?.provenance.files.map(({ sha256 }) => sha256)).toEqual(
      first?.provenance.files.map(({ sha256 }) => sha256),
    );
  });

  it('may be repeated, and leaves no earlier files behind', async () => {
    await writeFiles(smallModel);
    await importModel(folder, { root, id: 'mine' });
    await importModel(folder, { root, id: 'mine' });
    await writeFiles({ 'encoder-model.int8.onnx': 'another encoder' });
    await importModel(folder, { root, id: 'mine' });
    expect((await readdir(join(root, 'mine'))).length).toBe(2);
    const { description } = await resolveModel('mine', { root });
    expect(await readFile(description.files.encoder, 'utf8')).toBe('another encoder');
  });

  it('does not mix two models under one id', async () => {
    await writeFiles(smallModel);
    await importModel(folder, { root, id: 'mine' });
    await writeFiles({ 'vocab.txt': 'b 0\n<blk> 1\n' });
    const imported = importModel(folder, { root, id: 'mine' });
    await expect(imported).rejects.toMatchObject({ code: 'MODEL_CONFLICT' });
    expect(await verifyModel('mine', { root })).toHaveLength(6);
    await removeModel('mine', { root });
    await importModel(folder, { root, id: 'mine' });
  });

  it('does not take other files for a model whose files are pinned', async () => {
    await writeFiles(smallModel);
    const imported = importModel(folder, { root, id: 'parakeet-tdt-0.6b-v3' });
    await expect(imported).rejects.toMatchObject({ code: 'MODEL_FILE_CORRUPT' });
    expect(await readdir(join(root, 'parakeet-tdt-0.6b-v3')).catch(() => [])).toEqual([]);
  });

  it.each([
    ['an empty folder', {}, 'MODEL_LAYOUT_UNKNOWN'],
    [
      'a CTC graph without config.json',
      { 'model.onnx': '', 'tokens.txt': '' },
      'MODEL_LAYOUT_UNKNOWN',
    ],
    [
      'an RNN-T model',
      { ...smallModel, 'config.json': '{"model_type": "nemo-conformer-rnnt"}' },
      'MODEL_LAYOUT_UNKNOWN',
    ],
    ['a config.json that is none', { ...smallModel, 'config.json': '[' }, 'MODEL_MANIFEST_INVALID'],
    ['a model.json that is none', { 'model.json': '{}' }, 'MODEL_MANIFEST_INVALID'],
  ])('refuses %s', async (_, files, code) => {
    await writeFiles(files);
    await expect(importModel(folder, { root })).rejects.toMatchObject({ code });
  });

  it.each([
    [{ maxSegmentSeconds: 600 }, 'MODEL_MANIFEST_INVALID'],
    [{ id: '../outside' }, 'MODEL_MANIFEST_INVALID'],
    [{ signal: AbortSignal.abort() }, 'MODEL_CANCELLED'],
  ])('refuses %o', async (options, code) => {
    await writeFiles(smallModel);
    await expect(importModel(folder, { root, ...options })).rejects.toMatchObject({ code });
    expect(await listInstalledModels({ root })).toHaveLength(1);
  });

  it('says so when there is no folder', async () => {
    const imported = importModel(join(folder, 'nowhere'), { root });
    await expect(imported).rejects.toMatchObject({ code: 'MODEL_SOURCE_NOT_FOUND' });
  });

  it.skipIf(process.getuid?.() === 0)(
    'says so when the cache cannot be written (not as root)',
    async () => {
      await writeFiles(smallModel);
      await mkdir(root);
      await chmod(root, 0o500);
      const imported = importModel(folder, { root });
      await expect(imported).rejects.toMatchObject({ code: 'MODEL_CACHE_UNWRITABLE' });
    },
  );

  it('refuses a model.json under a published id with files that are not the published ones', async () => {
    const catalogue = join(import.meta.dirname, '../../packages/model-store/manifests');
    const manifest = await readFile(join(catalogue, 'cohere-transcribe-03-2026.json'), 'utf8');
    const { tiers } = JSON.parse(manifest) as { tiers: { int8: { files: { path: string }[] } } };
    const own = Object.fromEntries(tiers.int8.files.map(({ path }) => [path, 'mine']));
    await writeFiles({ ...own, 'model.json': manifest });
    await expect(importModel(folder, { root, tier: 'int8' })).rejects.toMatchObject({
      code: 'MODEL_FILE_CORRUPT',
    });
    await importModel(folder, { root, tier: 'int8', otherWeights: true });
  });

  it('notices a file that is not the one model.json names', async () => {
    await cp(demoModel.folder, folder, { recursive: true });
    const { size } = await stat(join(folder, 'vocab.txt'));
    await writeFile(join(folder, 'vocab.txt'), 'x'.repeat(size));
    const imported = importModel(folder, { root });
    await expect(imported).rejects.toMatchObject({ code: 'MODEL_FILE_CORRUPT' });
    expect((await resolveModel('demo-en', { root })).description.files.vocabulary).toContain(
      demoModel.folder,
    );
  });
});

describe.skipIf(lacksShared)(
  'importing real models (skipped without ../shared/data/models)',
  () => {
    it('takes a TDT model: int8 encoder with the fp32 decoder', async () => {
      const source = join(sharedModels, 'nemo-tdt-small-en');
      await importModel(source, { root, languages: ['en'] });
      const { description } = await resolveModel('nemo-tdt-small-en', { root, tier: 'int8' });
      expect(description).toMatchObject({ family: 'nemo-tdt', subsamplingFactor: 4 });
      expect(description.frontEnd).toEqual({ kind: 'nemo-log-mel', numMels: 80 });
      expect(description.files.encoder).toMatch(/encoder-model\.int8\.onnx$/);
      expect(description.files.decoderJoint).toMatch(/decoder_joint-model\.onnx$/);
      const original = await readFile(join(source, 'encoder-model.int8.onnx'));
      expect(original.equals(await readFile(description.files.encoder))).toBe(true);
    });

    it('takes a CTC model', async () => {
      await importModel(join(sharedModels, 'nemo-conformer-ctc-small-en'), { root });
      const { description } = await resolveModel('nemo-conformer-ctc-small-en', { root });
      expect(description).toMatchObject({
        family: 'nemo-ctc',
        tier: 'int8',
        maxSegmentSeconds: 20,
      });
      expect(description.files.decoderJoint).toBeUndefined();
    });

    it('knows the demo model again, and gives the bundled one back when it is removed', async () => {
      await importModel(join(sharedModels, 'demo-en'), { root });
      const fp32 = await resolveModel('demo-en', { root, tier: 'fp32' });
      expect(fp32.manifest).toMatchObject({ demo: true, languages: ['en'], license: 'MIT' });
      await removeModel('demo-en', { root });
      const { description } = await resolveModel('demo-en', { root });
      expect(description.files.encoder.startsWith(demoModel.folder)).toBe(true);
    });
  },
);

describe('a disk without room', () => {
  it('refuses a pull before it fetches anything', async () => {
    const requested: string[] = [];
    const listing = ['int8/encoder-model.int8.onnx', 'fp32/decoder_joint-model.onnx', 'vocab.txt'];
    const fetch = (input: string | URL | Request) => {
      requested.push(new URL(input instanceof Request ? input.url : input).pathname);
      const entries = listing.map((path) => ({ type: 'file', path, size: 2 ** 50, oid: 'a' }));
      return Promise.resolve(Response.json(entries));
    };
    const pulled = pullModel('parakeet-tdt-0.6b-v3-optimized', { root, fetch });
    await expect(pulled).rejects.toMatchObject({ code: 'MODEL_DISK_FULL', retryable: false });
    expect(requested.filter((path) => path.includes('/resolve/'))).toEqual([]);
  });
});
