import { describe, expect, it } from 'vitest';
import { batchRequestSchema, jobRequestSchema } from './index.js';
import { estimateSecondsLeft } from './views.js';

describe('jobRequestSchema', () => {
  it('fills in what a request leaves open', () => {
    expect(jobRequestSchema.parse({ source: 'https://example.org/a.mp3' })).toMatchObject({
      channels: 'mix',
      formats: ['json', 'srt', 'vtt', 'txt'],
      priority: 'normal',
      partial: false,
      metadata: {},
    });
  });

  it('puts formats in one order, each once: the same wish is the same job', () => {
    const { formats } = jobRequestSchema.parse({ source: 'x', formats: ['txt', 'srt', 'txt'] });
    expect(formats).toEqual(['srt', 'txt']);
  });

  it.each([
    { output: { name: '../up' } },
    { output: { name: 'a/b' } },
    { output: { name: '.hidden' } },
    { model: '../../etc' },
    { language: 'not a code' },
    { priority: 'highest' },
    { formats: [] },
    { metadata: { a: 1 } },
    { webhook: { url: 'file:///etc/passwd' } },
    { surprise: true },
  ])('refuses %j', (wrong) => {
    expect(jobRequestSchema.safeParse({ source: 'x', ...wrong }).success).toBe(false);
  });
});

describe('batchRequestSchema', () => {
  it('takes one kind of input', () => {
    const both = { input: { prefix: 's3://b/p', manifest: 's3://b/m' } };
    expect(batchRequestSchema.safeParse(both).success).toBe(false);
    expect(batchRequestSchema.safeParse({ input: { prefix: 's3://b/p' } }).success).toBe(true);
  });
});

describe('estimateSecondsLeft', () => {
  it('goes by the speed so far, and says nothing while there is none', () => {
    const progress = { doneSeconds: 60, audioSeconds: 180, startedAtMs: 0 };
    expect(estimateSecondsLeft(progress, 30_000)).toBe(60);
    expect(estimateSecondsLeft({ ...progress, doneSeconds: 0 }, 30_000)).toBeUndefined();
    expect(estimateSecondsLeft({ doneSeconds: 1 }, 30_000)).toBeUndefined();
  });
});
