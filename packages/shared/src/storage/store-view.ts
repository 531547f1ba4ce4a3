import { type ObjectInfo, type ObjectStore } from './object-store.js';
import { formatObjectUrl } from './object-url.js';

/**
 * The part of a store below `folder` (`results/museum/j1`), as a store of its own; closing it does nothing, the store
 * behind it stays its owner's.
 */
export function createStoreView(store: ObjectStore, folder: string): ObjectStore {
  const prefix = `${folder}/`;
  const inner = (key: string) => prefix + key;
  const outer = (info: ObjectInfo): ObjectInfo => ({ ...info, key: info.key.slice(prefix.length) });
  return {
    url: formatObjectUrl(store.url, folder),
    put: (key, content, options) => store.put(inner(key), content, options),
    async get(key, options) {
      const { info, body } = await store.get(inner(key), options);
      return { info: outer(info), body };
    },
    read: (key, options) => store.read(inner(key), options),
    async head(key, signal) {
      const info = await store.head(inner(key), signal);
      return info && outer(info);
    },
    async list({ prefix: below = '', after, ...options } = {}) {
      const infos = await store.list({
        ...options,
        prefix: inner(below),
        ...(after !== undefined && { after: inner(after) }),
      });
      return infos.map(outer);
    },
    delete: (keys, signal) => store.delete(keys.map(inner), signal),
    deletePrefix: (below, signal) => store.deletePrefix(inner(below), signal),
    copy: (from, to, signal) => store.copy(inner(from), inner(to), signal),
    presign: (key, options) => store.presign(inner(key), options),
    probe: (signal) => store.probe(signal),
    close: () => Promise.resolve(),
  };
}
