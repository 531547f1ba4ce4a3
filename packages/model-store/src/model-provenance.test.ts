import { describe, expect, it } from 'vitest';
import { countModelBytes, identifyModel, type ModelProvenance } from './model-provenance.js';

const GB = 1e9;
const provenance: ModelProvenance = {
  files: [
    { path: 'encoder.onnx', bytes: GB, sha256: 'b'.repeat(64) },
    { path: 'vocab.txt', bytes: 1, sha256: 'a'.repeat(64) },
  ],
  aligners: [
    {
      id: 'aligner',
      tier: 'int8',
      files: [{ path: 'model.onnx', bytes: 10, sha256: 'c'.repeat(64) }],
    },
  ],
};

describe('the size of a model', () => {
  it('is that of its files and its aligners', () => {
    const manifest = { tiers: { int8: { maxSegmentSeconds: 20, files: [], memoryBytes: GB } } };
    expect(countModelBytes({ manifest, tier: 'int8', provenance })).toBe(GB + 11);
  });

  it('is what half precision takes when it is widened', () => {
    const tier = { maxSegmentSeconds: 20, files: [], memoryBytes: 3.6 * GB };
    expect(countModelBytes({ manifest: { tiers: { fp16: tier } }, tier: 'fp16', provenance })).toBe(
      2 * GB,
    );
  });
});

describe('what tells models apart', () => {
  it('are the hashes of all files, and their switches', () => {
    const switches = { promptTokens: 9, draft: 'direct' };
    expect(identifyModel({ ...provenance, switches })).toEqual([
      'a'.repeat(64),
      'b'.repeat(64),
      'c'.repeat(64),
      'draft=direct',
      'promptTokens=9',
    ]);
  });

  it('are those of a better tier, too, where it has a part in the words', () => {
    const files = [{ path: 'model.onnx', bytes: 1, sha256: 'd'.repeat(64) }];
    const betterTier = { tier: 'fp32', files, switches: { draft: 'shipped' } };
    expect(identifyModel({ ...provenance, betterTier })).toEqual([
      ...identifyModel(provenance),
      'better tier',
      'd'.repeat(64),
      'draft=shipped',
    ]);
  });
});
