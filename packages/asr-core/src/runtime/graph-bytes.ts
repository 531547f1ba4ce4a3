import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Size of these graphs on disk with their sidecars (`X.onnx_data`, `X.onnx.data`, …), which lie beside them. */
export async function readGraphBytes(graphs: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const graph of graphs) {
    const folder = dirname(graph);
    const files = (await readdir(folder)).filter((name) => name.startsWith(basename(graph)));
    for (const name of files) bytes += (await stat(join(folder, name))).size;
  }
  return bytes;
}
