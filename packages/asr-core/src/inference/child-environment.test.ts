import { describe, expect, it } from 'vitest';
import { planChildEnvironment } from './child-environment.js';

describe('the environment of an inference process', () => {
  const parent = { PATH: '/bin' };

  it('is its parent’s', () => {
    expect(planChildEnvironment({ family: 'nemo-tdt' }, parent)).toEqual(parent);
  });

  it('has large pages for a decoder that copies its cache', () => {
    expect(planChildEnvironment({ family: 'cohere' }, parent)).toEqual({
      ...parent,
      GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
    });
  });

  it('keeps what its parent has tuned', () => {
    const tuned = (GLIBC_TUNABLES: string) =>
      planChildEnvironment({ family: 'cohere' }, { GLIBC_TUNABLES })['GLIBC_TUNABLES'];
    expect(tuned('glibc.malloc.arena_max=2')).toBe(
      'glibc.malloc.arena_max=2:glibc.malloc.hugetlb=1',
    );
    expect(tuned('glibc.malloc.hugetlb=0')).toBe('glibc.malloc.hugetlb=0');
  });
});
