import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type z } from 'zod';
import { ModelStoreError } from './errors.js';
import {
  installedManifestSchema,
  isModelName,
  isSafePath,
  modelManifestSchema,
  parseManifest,
  type ModelManifest,
} from './model-manifest.js';

const manifest: ModelManifest = {
  schemaVersion: 1,
  id: 'small',
  name: 'Small',
  description: '',
  family: 'nemo-ctc',
  languages: ['en'],
  languageRequired: false,
  punctuation: false,
  nativeTimes: true,
  license: 'MIT',
  attribution: '',
  demo: false,
  frontEnd: { kind: 'nemo-log-mel', numMels: 80 },
  subsamplingFactor: 4,
  defaultTier: 'int8',
  tiers: {
    int8: {
      maxSegmentSeconds: 20,
      files: [
        { role: 'encoder', path: 'model.int8.onnx', bytes: 1, sha256: 'a'.repeat(64) },
        { role: 'vocabulary', path: 'vocab.txt', bytes: 1, sha256: 'b'.repeat(64) },
      ],
    },
  },
};

function parse(
  value: unknown,
  schema: z.ZodType<ModelManifest> = modelManifestSchema,
): ModelManifest {
  return parseManifest(JSON.stringify(value), schema, 'model.json');
}

function withTier(change: object): unknown {
  return { ...manifest, tiers: { int8: { ...manifest.tiers['int8'], ...change } } };
}

describe('a manifest', () => {
  it('is parsed', () => {
    expect(parse(manifest)).toEqual(manifest);
    expect(parse(manifest, installedManifestSchema)).toEqual(manifest);
  });

  it.each([
    ['another schema version', { ...manifest, schemaVersion: 2 }, /schemaVersion/],
    ['a field that is none', { ...manifest, licence: 'MIT' }, /licence/],
    ['an id that is a path', { ...manifest, id: '../small' }, /id: must be lower-case/],
    ['segments beyond 90 s', withTier({ maxSegmentSeconds: 120 }), /tiers.int8.maxSegmentSeconds/],
    ['a tier without encoder', withTier({ files: [] }), /role encoder is missing/],
    [
      'two vocabularies',
      withTier({
        files: ['vocab.txt', 'tokens.txt'].map((path) => ({ role: 'vocabulary', path })),
      }),
      /2 files have role vocabulary/,
    ],
    [
      'a file outside its folder',
      withTier({ files: [{ role: 'encoder', path: '../../etc/passwd' }] }),
      /relative path/,
    ],
  ])('is refused with %s', (_, value, problem) => {
    expect(() => parse(value)).toThrow(problem);
    expect(() => parse(value)).toThrow(ModelStoreError);
  });

  it('is refused when it is not JSON', () => {
    expect(() => parseManifest('{', modelManifestSchema, 'model.json')).toThrow(
      expect.objectContaining({ code: 'MODEL_MANIFEST_INVALID', retryable: false }) as Error,
    );
  });

  it('may leave files to the hub’s listing only while it is not installed', () => {
    const open = { ...manifest, tiers: { int8: { maxSegmentSeconds: 20 } } };
    expect(parse(open)).toEqual(open);
    expect(() => parse(open, installedManifestSchema)).toThrow(/tiers.int8.files/);
  });
});

describe('names and paths from outside', () => {
  it('never lead out of their folder', () => {
    const part = fc.constantFrom('..', '.', '', 'a', 'b.onnx', '\\', 'c:', '~', '%2e%2e', '\u0000');
    const path = fc.array(part, { minLength: 1 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(path, (candidate) => {
        if (!isSafePath(candidate)) return;
        const joined = join('/root/model', candidate);
        expect(joined).toBe(`/root/model/${candidate}`);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (name) => {
        if (isModelName(name)) expect(name).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
      }),
    );
  });

  it.each(['a/../b', '/a', 'a//b', 'a\\b', '', 'C:/a', 'a/..'])('%s is not a path', (path) => {
    expect(isSafePath(path)).toBe(false);
  });

  it.each(['..', '.lock', 'a/b', 'Ä', 'A', '', 'a..b'])('%s is not a model', (name) => {
    expect(isModelName(name)).toBe(false);
  });
});
