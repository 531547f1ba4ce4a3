import { type FileFacts } from './file-paths.js';
import { type ObjectInfo } from './object-store.js';

/** The ETag is size, time and number of the file: a replaced one has another number, a rewritten one another time. */
export function toFileInfo(key: string, { size, mtimeNs, ino, mtime }: FileFacts): ObjectInfo {
  const etag = [size, mtimeNs, ino].map((part) => part.toString(36)).join('-');
  return { key, bytes: Number(size), etag, modifiedAt: mtime };
}
