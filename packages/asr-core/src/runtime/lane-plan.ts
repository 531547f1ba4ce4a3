import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';

/** What this process may use, in its container rather than on the host. */
export type MachineLimits = {
  /** CPUs: the smaller of affinity and cgroup quota; may be fractional. */
  cpus: number;
  /** Memory in bytes: the smaller of the machine's and the cgroup's. */
  memoryBytes: number;
  /** Memory not in use now, in bytes. */
  availableBytes: number;
  /** Whether a cgroup sets a limit. */
  isLimited: boolean;
};

/** A lane's private memory besides weights: features, activations of a long segment, the thread itself. */
const LANE_WORKING_BYTES = 400 * 2 ** 20;
/** A session with weights inside its graph takes up to this many times the file (feasibility, section 2.3). */
const WEIGHTS_FACTOR = 1.5;
/** Left to the rest of the process and the machine. */
const USABLE_MEMORY = 0.8;

export type LaneNeeds = {
  cpus: number;
  memoryBytes: number;
  /** Size of the tier's files. */
  modelBytes: number;
};

/** Reads CPU and memory limits; cgroup v2 first, then v1. */
export async function readMachineLimits(): Promise<MachineLimits> {
  const affinity = availableParallelism();
  const quota = (await readCpuMax()) ?? (await readCfsQuota());
  const limit =
    (await readNumber('/sys/fs/cgroup/memory.max')) ??
    (await readNumber('/sys/fs/cgroup/memory/memory.limit_in_bytes'));
  const used =
    (await readNumber('/sys/fs/cgroup/memory.current')) ??
    (await readNumber('/sys/fs/cgroup/memory/memory.usage_in_bytes'));
  const isMemoryLimited = limit !== undefined && limit < totalmem();
  const available = (await readMemAvailable()) ?? freemem();
  return {
    cpus: Math.min(affinity, quota ?? affinity),
    memoryBytes: isMemoryLimited ? limit : totalmem(),
    availableBytes: isMemoryLimited ? Math.min(available, limit - (used ?? 0)) : available,
    isLimited: isMemoryLimited || (quota !== undefined && quota < affinity),
  };
}

/** Memory that a lane takes in all, in bytes. */
export function planLaneBytes(modelBytes: number): number {
  return modelBytes * WEIGHTS_FACTOR + LANE_WORKING_BYTES;
}

/** One lane for each whole CPU, but no more than memory holds; at least one. */
export function planLaneCount({ cpus, memoryBytes, modelBytes }: LaneNeeds): number {
  const byMemory = Math.floor((memoryBytes * USABLE_MEMORY) / planLaneBytes(modelBytes));
  return Math.max(1, Math.min(Math.floor(cpus), byMemory));
}

/** Memory that each of the planned lanes has for its work, in bytes: what its weights leave; 0 where they leave none. */
export function planLaneWorkingBytes(needs: LaneNeeds): number {
  const share = (needs.memoryBytes * USABLE_MEMORY) / planLaneCount(needs);
  return Math.max(0, share - needs.modelBytes * WEIGHTS_FACTOR);
}

async function readCpuMax(): Promise<number | undefined> {
  const [quota, period] = (await readText('/sys/fs/cgroup/cpu.max'))?.split(' ') ?? [];
  return toCpus(Number(quota), Number(period));
}

async function readCfsQuota(): Promise<number | undefined> {
  const quota = await readNumber('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
  const period = await readNumber('/sys/fs/cgroup/cpu/cpu.cfs_period_us');
  return quota === undefined || period === undefined ? undefined : toCpus(quota, period);
}

/** No limit is "max" in v2 and −1 in v1. */
function toCpus(quota: number, period: number): number | undefined {
  return quota > 0 && period > 0 ? quota / period : undefined;
}

async function readMemAvailable(): Promise<number | undefined> {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(
    (await readText('/proc/meminfo')) ?? '',
  )?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

async function readNumber(path: string): Promise<number | undefined> {
  const value = Number(await readText(path));
  return Number.isFinite(value) ? value : undefined;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return undefined;
  }
}
