import { describe, expect, it } from 'vitest';
import { isSameSource, isTaken, judgeOutputs } from './judge-outputs.js';
import { type LedgerEntry } from './ledger.js';

const entry: LedgerEntry = {
  version: 1,
  base: '/a/talk',
  source: { id: 'file:/a/talk.mp3', bytes: 10, modifiedMs: 1 },
  options: 'int8',
  outputs: { '/a/talk.srt': 'new', '/a/talk.json': 'new' },
  earlier: { '/a/talk.srt': 'old', '/a/talk.txt': 'old' },
  versions: {},
  writtenAt: '2026-01-01T00:00:00Z',
};
const states = (srt?: string, json?: string) => [
  { path: '/a/talk.srt', sha256: srt },
  { path: '/a/talk.json', sha256: json },
];
const judge = (
  files: ReturnType<typeof states>,
  { options = 'int8', isDemo = false, force = false, from = entry } = {},
) => judgeOutputs(files, { entry: from, options, isDemo, force });

describe('judgeOutputs', () => {
  it('finds whole what lies there as it was written, with the same options', () => {
    expect(judge(states('new', 'new'))).toEqual({ kind: 'whole' });
    expect(judge(states('new', 'new'), { force: true })).toEqual({ kind: 'to-write' });
  });

  it('writes again what a crash left half published', () => {
    expect(judge(states('new', undefined))).toEqual({ kind: 'to-write' });
    expect(judge(states('old', 'new'))).toEqual({ kind: 'to-write' });
    expect(judge(states(undefined, undefined))).toEqual({ kind: 'to-write' });
  });

  it('leaves alone what it did not write, or what was changed since', () => {
    const blocked = { kind: 'blocked', paths: ['/a/talk.srt'] };
    expect(judge(states('edited', 'new'))).toEqual(blocked);
    expect(
      judgeOutputs(states('foreign'), {
        ...{ entry: undefined, options: 'int8', isDemo: false, force: false },
      }),
    ).toEqual(blocked);
    expect(judge(states('edited', 'new'), { force: true })).toEqual({ kind: 'to-write' });
  });
});

describe('judgeOutputs, where another model was at work', () => {
  const madeWith = (model: string) => JSON.stringify({ model, tier: 'int8', files: [] });
  const from = { ...entry, options: madeWith('good') };
  const [options, isDemo] = [madeWith('demo-en'), true];
  const outranked = {
    kind: 'outranked',
    paths: ['/a/talk.srt', '/a/talk.json'],
    modelId: 'good',
    madeWith: 'good int8',
  };

  it('keeps the demo model from replacing what another made, unless it is forced', () => {
    expect(judge(states('new', 'new'), { from, options, isDemo })).toMatchObject(outranked);
    expect(judge(states('new', 'new'), { from, options, isDemo, force: true })).toEqual({
      kind: 'to-write',
      replaces: 'good int8',
    });
    expect(judge(states(), { from, options, isDemo })).toEqual({ kind: 'to-write' });
  });

  it('knows that of each file, also where the demo model has written beside it since', () => {
    const beside = {
      ...{
        ...entry,
        options,
        outputs: { '/a/talk.json': 'demo' },
        earlier: { '/a/talk.srt': 'x' },
      },
      earlierOptions: { '/a/talk.srt': madeWith('good') },
    };
    expect(judge(states('x', 'demo'), { from: beside, options, isDemo })).toMatchObject({
      ...outranked,
      paths: ['/a/talk.srt'],
    });
  });

  it('says of every other replacement what it replaces', () => {
    expect(judge(states('new', 'new'), { from, options: madeWith('better') })).toEqual({
      kind: 'to-write',
      replaces: 'good int8',
    });
    expect(judge(states('new', 'new'), { options: 'fp32' })).toEqual({
      kind: 'to-write',
      replaces: 'other options',
    });
  });
});

describe('isTaken', () => {
  const own = { entry, sourceId: entry.source.id, hasOwnDocument: false };

  it('knows its own outputs, edited or not', () => {
    expect(isTaken(states('new', 'new'), own)).toBe(false);
    expect(isTaken(states('edited', 'new'), own)).toBe(false);
    expect(isTaken(states(undefined, undefined), { ...own, entry: undefined })).toBe(false);
  });

  it('yields to transcripts of other recordings and to foreign files', () => {
    expect(isTaken(states('new', 'new'), { ...own, sourceId: 'file:/a/talk.wav' })).toBe(true);
    expect(isTaken(states('foreign'), { ...own, entry: undefined })).toBe(true);
    expect(isTaken([{ path: '/a/talk.vtt', sha256: 'foreign' }], own)).toBe(true);
  });

  it('knows a transcript of this recording that another data folder wrote', () => {
    const lost = { ...own, entry: undefined, hasOwnDocument: true };
    expect(isTaken(states('new', 'new'), lost)).toBe(false);
  });
});

describe('isSameSource', () => {
  it('sees a change of size, time or content', () => {
    expect(isSameSource(entry, entry.source)).toBe(true);
    expect(isSameSource(entry, { ...entry.source, bytes: 11 })).toBe(false);
    expect(isSameSource(entry, { ...entry.source, modifiedMs: 2 })).toBe(false);
    expect(isSameSource(entry, { ...entry.source, sha256: 'x' })).toBe(false);
    expect(isSameSource(undefined, entry.source)).toBe(false);
  });
});
