/**
 * Runs `work` on every item, at most `limit` at a time, and takes no new one after `signal` aborts. Results stand in
 * the items' order; those of items that were not taken are missing.
 */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  { limit, signal }: { limit: number; signal?: AbortSignal },
): Promise<Result[]> {
  const results: { at: number; result: Result }[] = [];
  const entries = items.entries();
  const workOn = async () => {
    for (const [at, item] of entries) {
      if (signal?.aborted) return;
      results.push({ at, result: await work(item) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, workOn));
  return results.sort((a, b) => a.at - b.at).map(({ result }) => result);
}
