import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  computeFingerprint,
  computeJobId,
  computeKeyedId,
  type JobIdentity,
} from './job-identity.js';

const identity: JobIdentity = {
  tenant: 'museum',
  source: { uri: 's3://bucket/talk.mp3', etag: 'e1' },
  plan: { model: 'demo-en', tier: 'int8', channels: 'mix', formats: ['json'], partial: false },
  output: { prefix: undefined, name: undefined },
};

describe('computeJobId', () => {
  it('is the same in every release: results are found by it years later', () => {
    expect(computeJobId(identity)).toBe('jjxe6cav11rr65zhaq823');
  });

  it('does not depend on the order of keys', () => {
    const reordered = Object.fromEntries(Object.entries(identity).reverse()) as JobIdentity;
    expect(computeJobId(reordered)).toBe(computeJobId(identity));
  });

  it('differs where tenant, recording, plan or output differ', () => {
    const others: JobIdentity[] = [
      { ...identity, tenant: 'archive' },
      { ...identity, source: { ...identity.source, etag: 'e2' } },
      { ...identity, plan: { ...identity.plan, tier: 'fp32' } },
      { ...identity, plan: { ...identity.plan, formats: ['json', 'srt'] } },
      { ...identity, output: { prefix: 's3://bucket/out', name: undefined } },
    ];
    expect(new Set([identity, ...others].map(computeJobId)).size).toBe(others.length + 1);
  });

  it('may stand in a queue: begins with a letter and holds no colon', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (tenant, key) => {
        expect(computeKeyedId('job', tenant, key)).toMatch(/^j[0-9a-z]{20}$/);
        expect(computeKeyedId('batch', tenant, key)).toMatch(/^b[0-9a-z]{20}$/);
      }),
    );
  });
});

describe('computeFingerprint', () => {
  it('tells values apart, not the way they are written', () => {
    expect(computeFingerprint({ a: 1, b: undefined })).toBe(computeFingerprint({ a: 1 }));
    expect(computeFingerprint({ a: 1 })).not.toBe(computeFingerprint({ a: '1' }));
  });
});
