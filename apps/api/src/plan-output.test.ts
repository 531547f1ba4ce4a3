import { describe, expect, it } from 'vitest';
import { chooseOutputPrefix, planOutputNames } from './plan-output.js';
import { createFakeDependencies } from './testing/fake-dependencies.js';

describe('chooseOutputPrefix', () => {
  const dependencies = createFakeDependencies({
    environment: {
      STENO_STORAGE: 's3://store/fleet',
      STENO_OUTPUT_PREFIXES: 's3://store,file:///data/out/',
    },
  });
  const choose = (prefix: string | undefined) =>
    chooseOutputPrefix(prefix, { tenant: 'a', dependencies });

  it.each([
    ['s3://store/out', 's3://store/out'],
    ['file:///data/out', 'file:///data/out'],
    ['file:///data/out/2024/', 'file:///data/out/2024'],
    ['s3://store/fleet/results/a/talks', 's3://store/fleet/results/a/talks'],
    [undefined, undefined],
  ])('allows %s', (wanted, expected) => {
    expect(choose(wanted)).toBe(expected);
  });

  it.each([
    's3://store',
    's3://store/fleet',
    's3://store/fleet/results',
    's3://store/fleet/results/b',
    's3://store/fleet/results/ab',
    's3://store/fleet/scratch/x',
    's3://store/fleet/uploads/a',
    's3://other/out',
    's3://store2',
    'file:///data/out/../secret',
    'file:///data/out/%2e%2e/secret',
    'file:///data/outside',
    'file:///etc',
    'https://example.org/out',
    '/data/out',
    '',
  ])('refuses %s', (wanted) => {
    expect(() => choose(wanted)).toThrow(
      expect.objectContaining({ code: 'PATH_FORBIDDEN', field: 'output.prefix' }),
    );
  });
});

describe('planOutputNames', () => {
  it('never comes to the name of another job’s manifest', () => {
    const plan = (name: string) =>
      planOutputNames(undefined, { info: { uri: 'x', name }, isShared: true });
    expect(plan('talk.manifest.mp3')).toEqual(['talk_manifest', 'talk.manifest.mp3']);
    expect(plan('talk.Manifest')).toEqual(['talk', 'talk_Manifest']);
  });

  const plan = (
    name: string,
    {
      relativePath,
      isShared = true,
      wanted,
    }: { relativePath?: string; isShared?: boolean; wanted?: string } = {},
  ) =>
    planOutputNames(wanted, {
      info: { uri: 'x', name, ...(relativePath !== undefined && { relativePath }) },
      isShared,
    });

  it('leaves the extension out, and keeps it where that name is taken', () => {
    expect(plan('talk.mp3')).toEqual(['talk', 'talk.mp3']);
    expect(plan('talk')).toEqual(['talk']);
    expect(plan('v1.2 final.tar.gz')).toEqual(['v1.2 final.tar', 'v1.2 final.tar.gz']);
  });

  it('tries no name but the one that was asked for', () => {
    expect(plan('talk.mp3', { wanted: 'x' })).toEqual(['x']);
  });

  it('keeps folders below a shared prefix only', () => {
    expect(plan('b.mp3', { relativePath: 'a/b.mp3' })).toEqual(['a/b', 'a/b.mp3']);
    expect(plan('b.mp3', { relativePath: 'a/b.mp3', isShared: false })).toEqual(['b', 'b.mp3']);
  });

  it('lets no part lead out', () => {
    expect(plan('x', { relativePath: '../..//x' })).toEqual(['recording/recording/x']);
    expect(plan('')).toEqual(['recording']);
  });
});
