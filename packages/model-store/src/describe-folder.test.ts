import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFolder } from './describe-folder.js';

const id = 'cohere-transcribe-03-2026';
const waveform = ['encoder', 'decoder'].flatMap((graph) => [
  `cohere-${graph}.int8.onnx`,
  `cohere-${graph}.int8.onnx.data`,
]);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'describe-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function touch(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), '');
  }
}

describe('a folder with the names of published files', () => {
  it('is held to their pins, and then comes from their repository', async () => {
    await touch(...waveform, 'tokens.txt');
    const { tiers } = await describeFolder(folder, { id });
    expect(Object.keys(tiers)).toEqual(['int8']);
    expect(tiers['int8']).toMatchObject({
      source: { repository: 'cstr/cohere-transcribe-onnx-int8' },
      betterTier: 'fp32',
    });
    expect(tiers['int8']?.files.map(({ sha256 }) => sha256?.length)).toEqual([64, 64, 64, 64, 64]);
  });

  it('is the tier that it is said to be, where another repository has the same names', async () => {
    await touch(...waveform.filter((path) => path !== 'cohere-decoder.int8.onnx.data'));
    await touch('tokens.txt');
    const { tiers } = await describeFolder(folder, { id, tier: 'int8-dynamic' });
    expect(tiers).toMatchObject({
      'int8-dynamic': { source: { repository: 'tristanripke/cohere-transcribe-onnx-int8' } },
    });
  });

  it('comes from nowhere where the catalogue pins nothing', async () => {
    await touch('onnx/encoder_model_q4.onnx', 'onnx/decoder_model_merged_q4.onnx');
    await touch('tokenizer.json');
    const { tiers } = await describeFolder(folder, { id });
    expect(tiers['q4']?.maxSegmentSeconds).toBe(30);
    expect(tiers['q4']).not.toHaveProperty('source');
  });
});

describe('a folder with other files', () => {
  beforeEach(() => touch('cohere-encoder.onnx', 'cohere-decoder.onnx', 'tokens.txt'));

  it('is not taken for a published tier, unless somebody says that it is another', async () => {
    await expect(describeFolder(folder, { id, tier: 'int8' })).rejects.toMatchObject({
      code: 'MODEL_FILE_CORRUPT',
      message: expect.stringContaining('--other-weights') as string,
    });
    const { tiers } = await describeFolder(folder, { id, tier: 'int8', otherWeights: true });
    expect(tiers['int8']).toMatchObject({ otherWeights: true, maxSegmentSeconds: 30 });
    expect(tiers['int8']).not.toHaveProperty('accuracy');
    expect(tiers['int8']).not.toHaveProperty('parity');
    expect(tiers['int8']?.files.some(({ sha256 }) => sha256 !== undefined)).toBe(false);
  });

  it('is a model of its own under another id, with the traits of its family', async () => {
    const described = await describeFolder(folder, { id: 'mine' });
    expect(described).toMatchObject({
      family: 'cohere',
      frontEnd: { kind: 'from-graph' },
      languageRequired: true,
      nativeTimes: false,
      defaultTier: 'fp32',
    });
    expect(described.languages).toHaveLength(14);
  });

  it('has one tier only, or the one that is named', async () => {
    await touch(...waveform);
    await expect(describeFolder(folder, { id: 'mine', tier: 'q4' })).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN_TIER',
      details: { accepted: ['int8', 'fp32'] },
    });
    const { tiers } = await describeFolder(folder, { id: 'mine', tier: 'fp32' });
    expect(Object.keys(tiers)).toEqual(['fp32']);
  });
});
