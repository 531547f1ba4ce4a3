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
const judge = (files: ReturnType<typeof states>, { options = 'int8', force = false } = {}) =>
  judgeOutputs(files, { entry, options, force });

describe('judgeOutputs', () => {
  it('finds whole what lies there as it was written, with the same options', () => {
    expect(judge(states('new', 'new'))).toEqual({ kind: 'whole' });
    expect(judge(states('new', 'new'), { options: 'fp32' })).toEqual({ kind: 'to-write' });
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
      judgeOutputs(states('foreign'), { entry: undefined, options: 'int8', force: false }),
    ).toEqual(blocked);
    expect(judge(states('edited', 'new'), { force: true })).toEqual({ kind: 'to-write' });
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
