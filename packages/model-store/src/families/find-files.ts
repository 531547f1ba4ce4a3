// Looking for files among the paths of a folder or repository.

import { type FileRole } from '../model-manifest.js';
import { type LayoutFile } from './family-layout.js';

/** Roles of graphs, whose sidecars have the role `<role>-data`. */
export type GraphRole = 'encoder' | 'decoder-joint' | 'decoder' | 'embed-tokens' | 'editor';

/** The first of `names` in the first of `folders` that has one. */
export function findFile(
  paths: ReadonlySet<string>,
  { names, folders = [''] }: { names: readonly string[]; folders?: readonly string[] },
): string | undefined {
  const candidates = folders.flatMap((folder) => names.map((name) => `${folder}${name}`));
  return candidates.find((path) => paths.has(path));
}

/** A file that a tier may lack. */
export function findOptional(
  paths: ReadonlySet<string>,
  { role, ...where }: { role: FileRole; names: readonly string[]; folders?: readonly string[] },
): LayoutFile[] {
  const path = findFile(paths, where);
  return path === undefined ? [] : [{ role, path }];
}

/** A graph with the sidecars beside it. */
export function findGraph(
  paths: ReadonlySet<string>,
  { role, ...where }: { role: GraphRole; names: readonly string[]; folders?: readonly string[] },
): LayoutFile[] | undefined {
  const graph = findFile(paths, where);
  if (graph === undefined) return undefined;
  const sidecars = findSidecars(paths, graph);
  return [
    { role, path: graph },
    ...sidecars.map((path) => ({ role: `${role}-data` as const, path })),
  ];
}

/** `<graph>.data`, `.data.000` …, `_data`, `_data_1` …: in the graph's own folder only, where the runtime looks for them. */
function findSidecars(paths: ReadonlySet<string>, graph: string): string[] {
  return [...paths]
    .filter(
      (path) =>
        path.startsWith(graph) && /^[._]data(\.\d{3}|_\d+)?$/.test(path.slice(graph.length)),
    )
    .sort();
}
