import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { glob } from 'tinyglobby';

export type PathKind = 'file' | 'folder' | 'missing' | 'other';
export type TreeEntry = { name: string; kind: 'file' | 'folder' | 'other' };

/** What the search for recordings needs of the file system. */
export interface FileTree {
  getKind(path: string): Promise<PathKind>;
  /** A link to a file is a file; a link to a folder is neither, so that no walk goes in circles. */
  list(folder: string): Promise<TreeEntry[]>;
  /** Absolute paths of the files that match. */
  match(pattern: string, folder: string): Promise<string[]>;
}

export const diskTree: FileTree = {
  async getKind(path) {
    try {
      const found = await stat(path);
      return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
    } catch {
      return 'missing';
    }
  },
  async list(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    return Promise.all(
      entries.map(async (entry) => {
        if (entry.isDirectory()) return { name: entry.name, kind: 'folder' };
        if (entry.isFile()) return { name: entry.name, kind: 'file' };
        const kind = await diskTree.getKind(join(folder, entry.name));
        return { name: entry.name, kind: kind === 'file' ? 'file' : 'other' };
      }),
    );
  },
  match: (pattern, folder) =>
    glob(pattern, { cwd: folder, absolute: true, expandDirectories: false }),
};
