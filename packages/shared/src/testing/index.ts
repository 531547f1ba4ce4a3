export {
  createFakeObjectStore,
  type FakeObjectStore,
  type FakeObjectStoreOptions,
  type FakeStoreMethod,
} from './fake-object-store.js';
