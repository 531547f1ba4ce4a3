import { describe, expect, it } from 'vitest';
import { createCancelScopes } from './cancel-scopes.js';

describe('cancel scopes', () => {
  it('cancel all requests of a scope, and no other', () => {
    const scopes = createCancelScopes();
    const signals = [1, 1, 2].map((scope) => scopes.enter(scope));
    scopes.cancel(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
  });

  it('are forgotten with their last request, so that a long-lived process does not grow', () => {
    const scopes = createCancelScopes();
    scopes.enter(1);
    scopes.enter(1);
    scopes.leave(1);
    expect(scopes.size).toBe(1);
    scopes.leave(1);
    expect(scopes.size).toBe(0);
  });

  it('may be cancelled when nothing is in them', () => {
    const scopes = createCancelScopes();
    scopes.cancel(1);
    scopes.leave(1);
    expect(scopes.enter(1).aborted).toBe(false);
  });
});
