const HUGE_PAGES = 'glibc.malloc.hugetlb';

/**
 * Environment of an inference process: that of its parent, with large pages for the memory of models whose decoder gets its
 * cache anew in every step. Without them the page faults of that memory cost more than half of a step
 * (docs/models/cohere.md). Only glibc reads this; a parent that sets it itself is obeyed.
 */
export function planChildEnvironment(
  model: { family: string },
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const { GLIBC_TUNABLES: tunables } = environment;
  if (model.family !== 'cohere' || tunables?.includes(HUGE_PAGES)) return environment;
  return {
    ...environment,
    GLIBC_TUNABLES: [...(tunables ? [tunables] : []), `${HUGE_PAGES}=1`].join(':'),
  };
}
