// What the user named → what is submitted: recordings together, each prefix and each manifest as a batch of its own.

import { resolve } from 'node:path';
import { type FileTree } from '../transcribe/file-tree.js';
import { findRecordings, type InputProblem } from '../transcribe/find-recordings.js';
import { type Recording } from '../transcribe/recording.js';

export type SubmissionPlan = {
  /** Files and http(s) addresses. */
  recordings: Recording[];
  /** `s3://` and `file://` addresses of single recordings. */
  addresses: string[];
  /** `s3://` and `file://` folders, ending in `/`. */
  prefixes: string[];
  manifests: Manifest[];
  problems: InputProblem[];
};

/** A file on this machine, or an address that the API reads itself. */
export type Manifest = { shown: string } & ({ path: string } | { address: string });

const MANIFEST = /\.(jsonl|ndjson|csv)$/i;

/** @throws CliError `OPTION_INVALID` for standard input */
export async function planSubmission(
  inputs: readonly string[],
  search: { tree: FileTree; cwd: string },
): Promise<SubmissionPlan> {
  const plan: SubmissionPlan = {
    recordings: [],
    addresses: [],
    prefixes: [],
    manifests: [],
    problems: [],
  };
  const rest: string[] = [];
  for (const input of inputs) {
    const path = resolve(search.cwd, input);
    if (/^(s3|file):\/\//i.test(input)) {
      if (input.endsWith('/')) plan.prefixes.push(input);
      else if (MANIFEST.test(input)) plan.manifests.push({ shown: input, address: input });
      else plan.addresses.push(input);
    } else if (/^https?:\/\//i.test(input)) {
      if (MANIFEST.test(input)) plan.manifests.push({ shown: input, address: input });
      else rest.push(input);
    } else if (MANIFEST.test(input) && (await search.tree.getKind(path)) === 'file') {
      plan.manifests.push({ shown: input, path });
    } else {
      rest.push(input);
    }
  }
  const found = await findRecordings(rest, search);
  return { ...plan, recordings: found.recordings, problems: found.problems };
}
