// Loaded into the API and the workers that `steno up` starts (`node --import`): should `up` be killed without a chance
// to end them, they end themselves. The pipe to their standard input closes with it.

import { isMainThread } from 'node:worker_threads';

/** After this, what does not end by itself is killed with all that it started. */
const LONGEST_END_MS = 30_000;

const parent = Number(new URL(import.meta.url).searchParams.get('parent'));

// Processes and threads that they start in turn inherit `--import`; their lives are not ours to watch.
if (isMainThread && process.ppid === parent) {
  process.stdin.once('close', end).on('error', end).resume();
  process.stdin.unref();
}

function end(): void {
  process.kill(process.pid, 'SIGTERM');
  // It leads a group of its own.
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), LONGEST_END_MS).unref();
}
