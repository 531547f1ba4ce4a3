/** Asks for the next value while the one before is being worked on: one value waits at most. */
export async function* readAhead<Value>(
  values: AsyncIterable<Value>,
): AsyncGenerator<Value, void, undefined> {
  const iterator = values[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const current = await next;
      if (current.done) return;
      next = iterator.next();
      // Thrown above, when its turn comes; nobody may wait for it any more.
      next.catch(() => undefined);
      yield current.value;
    }
  } finally {
    await iterator.return?.();
  }
}
