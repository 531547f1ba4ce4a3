// What the kernel says of a process: CPU time and memory of itself, without its children.

import { readdir, readFile } from 'node:fs/promises';

/** Of a clock tick in `/proc/<pid>/stat`; the kernel shows 100 a second on every Linux. */
const TICK_MS = 10;

/** User and system time of all its threads so far, in ms; 0 where it is gone. */
export async function readCpuMs(pid: number): Promise<number> {
  const [user = 0, system = 0] = (await readStat(pid)).slice(11, 13).map(Number);
  return (user + system) * TICK_MS;
}

/** The same of those of its children that have ended and were waited for, and theirs. */
export async function readChildrenCpuMs(pid: number): Promise<number> {
  const [user = 0, system = 0] = (await readStat(pid)).slice(13, 15).map(Number);
  return (user + system) * TICK_MS;
}

export async function readResidentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** The inference process of a worker: its child that runs node. */
export async function findInferencePid(workerPid: number): Promise<number | undefined> {
  for (const pid of await listChildren(workerPid)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('/inference/inference-process.')) return pid;
  }
  return undefined;
}

async function listChildren(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((text) => text.split(' ').filter(Boolean).map(Number));
}

/** Fields from the state on, behind the name, which may hold anything. */
async function readStat(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
