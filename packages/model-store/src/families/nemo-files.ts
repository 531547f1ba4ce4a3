// Where NeMo exports keep their files: flat, in a folder for each precision, or (fp32 only) in `sharded/`.

import { type LayoutFile } from './family-layout.js';
import { findGraph, findOptional } from './find-files.js';

export type Precision = 'fp32' | 'fp16' | 'int8' | 'w4a8';

/** The graph `<name>[.<precision>].onnx` in the first of these folders that has it, with the sidecars beside it. */
export function findNemoGraph(
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
  return findGraph(paths, { role, names: [fileName], folders });
}

/** Vocabulary (always), configuration and feature graph (where there are any). */
export function findCommonFiles(
  paths: ReadonlySet<string>,
  precision: Precision,
): LayoutFile[] | undefined {
  const folders = ['', `${precision}/`];
  const find = (role: LayoutFile['role'], names: string[]) =>
    findOptional(paths, { role, names, folders });
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
