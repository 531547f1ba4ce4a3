// Where NeMo exports keep their files: flat, in a folder for each precision, or (fp32 only) in `sharded/`.

import { type FileRole } from '../model-manifest.js';
import { type LayoutFile } from './family-layout.js';

export type Precision = 'fp32' | 'fp16' | 'int8' | 'w4a8';

/** The graph `<name>[.<precision>].onnx` in the first of these folders that has it, with the sidecars beside it. */
export function findGraph(
  paths: ReadonlySet<string>,
  {
    name,
    precision,
    role,
    folders = getFolders(precision),
  }: {
    name: string;
    precision: Precision;
    role: 'encoder' | 'decoder-joint';
    folders?: readonly string[];
  },
): LayoutFile[] | undefined {
  const fileName = precision === 'fp32' ? `${name}.onnx` : `${name}.${precision}.onnx`;
  const graph = findFile(paths, { names: [fileName], folders });
  if (graph === undefined) return undefined;
  const dataRole = `${role}-data` as const;
  return [
    { role, path: graph },
    ...findSidecars(paths, graph).map((path) => ({ role: dataRole, path })),
  ];
}

/** Vocabulary (always), configuration and feature graph (where there are any). */
export function findCommonFiles(
  paths: ReadonlySet<string>,
  precision: Precision,
): LayoutFile[] | undefined {
  const folders = ['', `${precision}/`];
  const find = (role: FileRole, names: string[]): LayoutFile[] => {
    const path = findFile(paths, { names, folders });
    return path === undefined ? [] : [{ role, path }];
  };
  const vocabulary = find('vocabulary', ['vocab.txt', 'tokens.txt']);
  if (vocabulary.length === 0) return undefined;
  return [
    ...vocabulary,
    ...find('preprocessor', ['nemo128.onnx', 'nemo80.onnx']),
    ...find('config', ['config.json']),
  ];
}

function getFolders(precision: Precision): string[] {
  return precision === 'fp32' ? ['fp32/', '', 'sharded/'] : [`${precision}/`, ''];
}

function findFile(
  paths: ReadonlySet<string>,
  { names, folders }: { names: readonly string[]; folders: readonly string[] },
): string | undefined {
  const candidates = folders.flatMap((folder) => names.map((name) => `${folder}${name}`));
  return candidates.find((path) => paths.has(path));
}

/** `<graph>.data`, `.data.000` …, `_data`: in the graph's own folder only, where the runtime looks for them. */
function findSidecars(paths: ReadonlySet<string>, graph: string): string[] {
  return [...paths]
    .filter(
      (path) => path.startsWith(graph) && /^[._]data(\.\d{3})?$/.test(path.slice(graph.length)),
    )
    .sort();
}
