import { describe, expect, it } from 'vitest';
import { type FileTree } from '../transcribe/file-tree.js';
import { planSubmission } from './plan-submission.js';

const files = ['/home/talk.mp3', '/home/list.csv', '/home/archive/a.wav'];
const tree: FileTree = {
  getKind: (path) =>
    Promise.resolve(
      files.includes(path) ? 'file' : path === '/home/archive' ? 'folder' : 'missing',
    ),
  list: () => Promise.resolve([{ name: 'a.wav', kind: 'file' }]),
  match: () => Promise.resolve([]),
};

describe('planSubmission', () => {
  it('tells recordings, prefixes and manifests apart', async () => {
    const inputs = [
      'talk.mp3',
      'archive',
      'list.csv',
      'https://example.org/e.mp3',
      's3://bucket/one.mp3',
      's3://bucket/2024/',
      'file:///data/all.jsonl',
      'nothing.mp3',
    ];
    const plan = await planSubmission(inputs, { tree, cwd: '/home' });
    expect(plan.recordings.map(({ shown }) => shown)).toEqual([
      'talk.mp3',
      'archive/a.wav',
      'https://example.org/e.mp3',
    ]);
    expect(plan.addresses).toEqual(['s3://bucket/one.mp3']);
    expect(plan.prefixes).toEqual(['s3://bucket/2024/']);
    expect(plan.manifests).toEqual([
      { shown: 'list.csv', path: '/home/list.csv' },
      { shown: 'file:///data/all.jsonl', address: 'file:///data/all.jsonl' },
    ]);
    expect(plan.problems.map(({ shown }) => shown)).toEqual(['nothing.mp3']);
  });
});
