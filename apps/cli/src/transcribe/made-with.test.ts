import { describe, expect, it } from 'vitest';
import { type LedgerEntry } from './ledger.js';
import { getMadeWith, getModelId, nameDifference } from './made-with.js';

const madeWith = (model: string, { tier = 'int8', channels = 'mix', files = ['1'] } = {}) =>
  JSON.stringify({ model, tier, channels, files });

describe('nameDifference', () => {
  const now = madeWith('good');

  it('names the model and tier, or says that it is the options or files', () => {
    expect(nameDifference(madeWith('demo-en'), now)).toBe('demo-en int8');
    expect(nameDifference(madeWith('good', { tier: 'fp32' }), now)).toBe('good fp32');
    expect(nameDifference(madeWith('good', { channels: 'separate' }), now)).toBe('other options');
    expect(nameDifference(madeWith('good', { files: ['2'] }), now)).toBe(
      'other files of good int8',
    );
  });

  it('lives with what it cannot read', () => {
    expect(nameDifference('int8', now)).toBe('other options');
    expect(getModelId('int8')).toBeUndefined();
    expect(getModelId(now)).toBe('good');
  });
});

describe('getMadeWith', () => {
  const path = '/a/talk.srt';
  const entry: LedgerEntry = {
    ...{ version: 1, base: '/a/talk', source: { id: 'x', bytes: 1 }, options: 'new options' },
    ...{ outputs: { [path]: 'new' }, earlier: { [path]: 'old' }, versions: {} },
    writtenAt: '2026-01-01T00:00:00Z',
  };

  it('knows the newest file, and the one before it', () => {
    const knowing = { ...entry, earlierOptions: { [path]: 'old options' } };
    expect(getMadeWith(knowing, { path, sha256: 'new' })).toBe('new options');
    expect(getMadeWith(knowing, { path, sha256: 'old' })).toBe('old options');
    expect(getMadeWith(knowing, { path, sha256: 'foreign' })).toBeUndefined();
    expect(getMadeWith(entry, { path, sha256: 'old' })).toBeUndefined();
    expect(getMadeWith(undefined, { path, sha256: 'new' })).toBeUndefined();
  });
});
