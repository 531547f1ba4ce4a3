// A share of a core for a process, through the kernel's control groups: as if the machine had cores to spare for the rest.

import { mkdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PERIOD_US = 20_000;
const REMOVE_EVERY_MS = 100;

export type CpuLimit = {
  /** Puts a process, with all its threads, under a limit of its own. */
  apply: (pid: number) => Promise<void>;
  /** Takes the limits away; their processes must have ended. */
  close: () => Promise<void>;
};

/** `cores` may be a fraction. @throws where this user may not make control groups (root may) */
export function createCpuLimit(cores: number): CpuLimit {
  const groups: string[] = [];
  return {
    async apply(pid) {
      const isV1 = await exists('/sys/fs/cgroup/cpu/cgroup.procs');
      const group = join(isV1 ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup', `steno-bench-${pid}`);
      await mkdir(group);
      groups.push(group);
      const quota = String(Math.round(PERIOD_US * cores));
      if (isV1) {
        await writeFile(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
        await writeFile(join(group, 'cpu.cfs_quota_us'), quota);
      } else {
        await writeFile(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
      }
      await writeFile(join(group, 'cgroup.procs'), String(pid));
    },
    async close() {
      for (const group of groups.splice(0)) await removeEmpty(group);
    },
  };
}

/** The kernel empties a group some moments after its last process has ended. */
async function removeEmpty(group: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const isGone = await rmdir(group).then(
      () => true,
      () => false,
    );
    if (isGone) return;
    await delay(REMOVE_EVERY_MS);
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
