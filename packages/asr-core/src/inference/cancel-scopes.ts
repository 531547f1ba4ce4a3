/** Signals of the caller's process, known here by number: what shares a scope is cancelled together. */
export type CancelScopes = {
  /** The signal of a scope, for one more request; a scope is kept while a request is in it. */
  enter(scope: number): AbortSignal;
  leave(scope: number): void;
  cancel(scope: number): void;
  readonly size: number;
};

export function createCancelScopes(): CancelScopes {
  const scopes = new Map<number, { controller: AbortController; requests: number }>();
  return {
    enter(scope) {
      const entered = scopes.get(scope) ?? { controller: new AbortController(), requests: 0 };
      entered.requests += 1;
      scopes.set(scope, entered);
      return entered.controller.signal;
    },
    leave(scope) {
      const entered = scopes.get(scope);
      if (!entered) return;
      entered.requests -= 1;
      if (entered.requests === 0) scopes.delete(scope);
    },
    cancel(scope) {
      scopes.get(scope)?.controller.abort();
    },
    get size() {
      return scopes.size;
    },
  };
}
