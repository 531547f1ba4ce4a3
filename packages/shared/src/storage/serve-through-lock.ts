import { createHash } from 'node:crypto';
import { type ObjectStore } from './object-store.js';
import { checkPut } from './stored-content.js';
import { type StoreLock } from './store-lock.js';

/**
 * A store whose `when: 'absent'` is done here: under a lock for the key, look and then write. It holds among all who
 * write through the same lock, and not against a holder that sleeps through its lock between the two.
 */
export function serveThroughLock(store: ObjectStore, lock: StoreLock): ObjectStore {
  return {
    ...store,
    put: async (key, content, options = {}) => {
      if (options.when !== 'absent') return store.put(key, content, options);
      checkPut(key, content, options);
      return lock.hold(
        lockName(store.url, key),
        async (signal) => {
          if ((await store.head(key, signal)) !== undefined) return false;
          return store.put(key, content, { contentType: options.contentType, signal });
        },
        options.signal,
      );
    },
    probe: () => Promise.resolve({ conditionalCreate: true }),
  };
}

/** Short, whatever the key: it becomes part of a key in Redis. */
function lockName(url: string, key: string): string {
  return createHash('sha256').update(`${url}/${key}`).digest('base64url');
}
