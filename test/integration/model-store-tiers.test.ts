// What distinguishes the tiers of one model: where they come from, their switches, how they compare, who gives them times.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  importModel,
  type ImportOptions,
  listInstalledModels,
  pullModel,
  recordParityCheck,
  removeModel,
  resolveModel,
  setSwitches,
} from '@stenofleet/model-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startHubStub } from '../servers/hub-stub.js';

const cohere = 'cohere-transcribe-03-2026';
const granite = 'granite-speech-4.1-2b-nar';

let workspace: string;
let root: string;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'model-tiers-'));
  root = join(workspace, 'models');
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

/** A folder with these files is imported. */
async function install(
  files: Record<string, string>,
  options: Omit<ImportOptions, 'root'>,
): Promise<void> {
  const folder = await mkdtemp(join(workspace, 'folder-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await importModel(folder, { root, ...options });
}

const waveform = (content: string) => ({
  'cohere-encoder.int8.onnx': `encoder ${content}`,
  'cohere-encoder.int8.onnx.data': `weights ${content}`,
  'cohere-decoder.int8.onnx': `decoder ${content}`,
  'tokens.txt': `tokens ${content}`,
});
const installCohere = (tier: string) =>
  install(waveform(tier), { id: cohere, tier, otherWeights: true });

const installCtc = (id: string, ...languages: string[]) =>
  install(
    {
      'config.json':
        '{"model_type": "nemo-conformer-ctc", "features_size": 80, "subsampling_factor": 4}',
      'model.int8.onnx': id,
      'vocab.txt': 'a 0\n<blk> 1\n',
    },
    { id, languages },
  );

const readText = (path: string | undefined) => readFile(path ?? '', 'utf8');

describe('tiers of one model with the same file names', () => {
  it('lie side by side, each graph with its own sidecar', async () => {
    await installCohere('int8');
    await installCohere('int8-dynamic');
    for (const tier of ['int8', 'int8-dynamic']) {
      const { description, provenance } = await resolveModel(cohere, { root, tier });
      const { encoder, decoder, vocabulary } = description.files;
      expect(await readText(encoder)).toBe(`encoder ${tier}`);
      expect(await readText(`${encoder}.data`)).toBe(`weights ${tier}`);
      expect(await readText(decoder)).toBe(`decoder ${tier}`);
      expect(await readText(vocabulary)).toBe(`tokens ${tier}`);
      expect(provenance.otherWeights).toBe(true);
    }
    await removeModel(cohere, { root, tier: 'int8' });
    const { description } = await resolveModel(cohere, { root });
    expect(await readText(description.files.encoder)).toBe('encoder int8-dynamic');
  });

  it('may have two forms, each with the files that its form needs', async () => {
    await installCohere('int8');
    const mel = {
      'onnx/encoder_model.onnx': 'encoder',
      'onnx/decoder_model_merged.onnx': 'decoder',
      'tokenizer.json': '{}',
    };
    await install(mel, { id: cohere, otherWeights: true });
    const { description } = await resolveModel(cohere, { root, tier: 'fp32' });
    expect(description.files.vocabulary).toBeUndefined();
    expect(description.files.encoder).toMatch(/\/onnx\/encoder_model\.onnx$/);
    expect(await readText(description.files.tokenizer)).toBe('{}');
  });
});

describe('a model whose repository is pinned at the first pull', () => {
  it('keeps the commit, does not follow the branch, and is repaired with its switches', async () => {
    const graphs = ['encoder', 'embed_tokens', 'editor'].flatMap((name) => [
      [`int8/${name}.onnx`, Buffer.from(name)] as const,
      [`int8/${name}.onnx_data`, Buffer.from(`weights of ${name}`)] as const,
    ]);
    const repository = {
      commit: 'a'.repeat(40),
      files: {
        ...Object.fromEntries(graphs),
        'tokenizer.json': Buffer.from('{}'),
        'tokenizer_config.json': Buffer.from('{}'),
        'granite_export_metadata.json': Buffer.from('{}'),
      },
    };
    const name = 'smcleod/ibm-granite-speech-4.1-2b-nar-onnx';
    const hub = await startHubStub({ [name]: repository });
    try {
      const pull = () => pullModel(granite, { root, tier: 'int8', hubUrl: hub.url });
      await pull();
      await setSwitches(granite, { root, switches: { collapse: false } });
      const { description } = await resolveModel(granite, { root });
      await writeFile(description.files.editor ?? '', 'cut short');
      expect(await pull()).toMatchObject({ alreadyInstalled: false });
      repository.commit = 'b'.repeat(40);
      expect(await pull()).toMatchObject({ alreadyInstalled: true });
      // The stub knows the new commit only: a repair asks for the one that is installed.
      await writeFile(description.files.editor ?? '', 'cut short');
      await expect(pull()).rejects.toMatchObject({ code: 'MODEL_SOURCE_NOT_FOUND' });
      repository.commit = 'a'.repeat(40);
      await pull();
    } finally {
      await hub.close();
    }
    const { description, provenance } = await resolveModel(granite, { root });
    expect(provenance.source).toEqual({ repository: name, revision: 'a'.repeat(40) });
    expect(description.switches).toEqual({ collapse: false });
    expect(await readText(`${description.files.editor ?? ''}_data`)).toBe('weights of editor');
    expect(Object.keys(description.files).sort()).toEqual(
      ['config', 'editor', 'embedTokens', 'encoder', 'tokenizer', 'tokenizerConfig'].sort(),
    );
  });
});

describe('switches', () => {
  it('are kept for the tiers that are installed, and go with the model', async () => {
    await installCohere('int8');
    await installCohere('int8-dynamic');
    const both = await setSwitches(cohere, { root, switches: { promptTokens: 9 } });
    expect(both).toEqual(['int8', 'int8-dynamic']);
    await setSwitches(cohere, { root, tier: 'int8', switches: { eosBias: 4 } });
    const { description, provenance } = await resolveModel(cohere, { root, tier: 'int8' });
    expect(description.switches).toEqual({ eosBias: 4, promptTokens: 9 });
    expect(provenance.switches).toEqual(description.switches);
    const other = await resolveModel(cohere, { root, tier: 'int8-dynamic' });
    expect(other.description.switches).toEqual({ eosBias: 0, promptTokens: 9 });
  });

  it('go back to their defaults, or the catalogue’s, when they are taken away', async () => {
    await installCohere('int8');
    await setSwitches(cohere, { root, switches: { promptTokens: 9, eosBias: 4 } });
    await setSwitches(cohere, { root, switches: { promptTokens: undefined, eosBias: undefined } });
    expect((await resolveModel(cohere, { root })).description.switches).toEqual({ eosBias: 0 });
  });

  it('of a tier go before those of its model', async () => {
    const manifest = JSON.parse(
      await readText(
        join(import.meta.dirname, '../../packages/model-store/manifests', `${granite}.json`),
      ),
    ) as { tiers: Record<string, object> };
    const graphs = ['encoder', 'embed_tokens', 'editor'].map((name) => [`int8/${name}.onnx`, '']);
    const int8 = { maxSegmentSeconds: 30, switches: { collapse: false } };
    await install(
      {
        ...(Object.fromEntries(graphs) as Record<string, string>),
        'tokenizer.json': '{}',
        'model.json': JSON.stringify({
          ...manifest,
          switches: { collapse: true, draft: 'direct' },
          tiers: { int8 },
        }),
      },
      {},
    );
    const { description } = await resolveModel(granite, { root });
    expect(description.switches).toEqual({ collapse: false, draft: 'direct' });
  });

  it.each([
    ['the demo model', 'demo-en', undefined, 'MODEL_BUNDLED'],
    ['a tier that is not installed', cohere, 'q4', 'MODEL_UNKNOWN_TIER'],
    ['a model that is not installed', granite, undefined, 'MODEL_NOT_INSTALLED'],
  ])('are refused for %s', async (_, id, tier, code) => {
    await installCohere('int8');
    const set = setSwitches(id, { root, tier, switches: { eosBias: 1 } });
    await expect(set).rejects.toMatchObject({ code });
  });

  it('are refused with a name that is none', async () => {
    await installCohere('int8');
    const set = setSwitches(cohere, { root, switches: { 'eos bias': 1 } });
    await expect(set).rejects.toMatchObject({ code: 'MODEL_MANIFEST_INVALID' });
    expect((await resolveModel(cohere, { root })).description.switches).toEqual({ eosBias: 0 });
  });
});

describe('a tier that differs too much from another', () => {
  const parityCheck = {
    against: 'int8-dynamic',
    wordErrorRate: 0.123,
    maxWordErrorRate: 0.04,
    forced: false,
  };

  beforeEach(async () => {
    await installCohere('int8');
    await installCohere('int8-dynamic');
    await recordParityCheck(cohere, { root, tier: 'int8', parityCheck });
  });

  it('is refused with its figures, and not chosen where none is named', async () => {
    const refused = resolveModel(cohere, { root, tier: 'int8' });
    await expect(refused).rejects.toMatchObject({ code: 'MODEL_PARITY_FAILED', retryable: false });
    await expect(refused).rejects.toThrow(/12\.3 % of the words, where 4\.0 % are allowed/);
    expect((await resolveModel(cohere, { root })).tier).toBe('int8-dynamic');
    const [model] = await listInstalledModels({ root });
    expect(model?.tiers.map(({ tier, isUsable }) => [tier, isUsable])).toEqual([
      ['int8', false],
      ['int8-dynamic', true],
    ]);
  });

  it('is used when somebody insists, and its transcripts say so', async () => {
    const forced = { ...parityCheck, forced: true };
    await recordParityCheck(cohere, { root, tier: 'int8', parityCheck: forced });
    const { provenance } = await resolveModel(cohere, { root, tier: 'int8' });
    expect(provenance.parityForced).toBe(true);
  });

  it('is accepted again when a later check finds it close enough', async () => {
    const close = { ...parityCheck, wordErrorRate: 0.04 };
    await recordParityCheck(cohere, { root, tier: 'int8', parityCheck: close });
    const { provenance } = await resolveModel(cohere, { root, tier: 'int8' });
    expect(provenance.parityForced).toBeUndefined();
  });
});

describe('a model without times of its own', () => {
  const alignersOf = async () =>
    (await resolveModel(cohere, { root })).description.aligners?.map(({ id }) => id);

  beforeEach(() => installCohere('int8'));

  it('has no aligner where no CTC model is installed', async () => {
    expect(await alignersOf()).toBeUndefined();
  });

  it('gets an installed CTC model for each language, and its transcripts say which', async () => {
    await installCtc('ctc-de', 'de', 'en');
    await installCtc('ctc-fr', 'fr');
    await installCtc('ctc-sv', 'sv'); // none of its languages
    const { description, provenance } = await resolveModel(cohere, { root });
    expect(description.aligners?.map(({ id }) => id)).toEqual(['ctc-de', 'ctc-fr']);
    expect(description.aligners?.[0]).toMatchObject({ family: 'nemo-ctc', tier: 'int8' });
    expect(provenance.aligners).toMatchObject([
      { id: 'ctc-de', tier: 'int8' },
      { id: 'ctc-fr', tier: 'int8' },
    ]);
    const [first] = provenance.aligners ?? [];
    expect(first?.files.map(({ sha256 }) => sha256.length)).toEqual([64, 64, 64]);
  });

  it('prefers the one that its manifest names', async () => {
    await installCtc('a-ctc-en', 'en');
    await installCtc('nemo-conformer-ctc-small-en', 'en');
    expect(await alignersOf()).toEqual(['nemo-conformer-ctc-small-en']);
  });

  it('passes over a CTC model that is damaged', async () => {
    await installCtc('a-ctc-en', 'en');
    await installCtc('b-ctc-en', 'en');
    const { description } = await resolveModel('a-ctc-en', { root });
    await rm(description.files.encoder);
    expect(await alignersOf()).toEqual(['b-ctc-en']);
  });

  it('is not what a CTC model is', async () => {
    await installCtc('a-ctc-en', 'en');
    await installCtc('b-ctc-en', 'en');
    expect((await resolveModel('b-ctc-en', { root })).description.aligners).toBeUndefined();
  });
});
