import { readFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { type MachineLimits } from '@stenofleet/asr-core';
import { formatBytes, formatCount } from '../terminal/format-quantities.js';
import { type Check } from './check.js';

/** Of x86: what int8 models run fast with, the fastest last. */
const INT8_FEATURES = ['avx2', 'avx512_vnni', 'avx_vnni'] as const;

export async function checkCpu(): Promise<Check> {
  const model = cpus()[0]?.model.trim() ?? arch();
  const info =
    platform() === 'linux' && arch() === 'x64'
      ? await readFile('/proc/cpuinfo', 'utf8').catch(() => undefined)
      : undefined;
  return describeCpu(model, info);
}

/** @param cpuInfo /proc/cpuinfo of an x86 machine; undefined elsewhere */
export function describeCpu(model: string, cpuInfo: string | undefined): Check {
  const what = 'CPU';
  if (cpuInfo === undefined) return { state: 'ok', what, value: model };
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.trim().split(/\s+/));
  const found = INT8_FEATURES.filter((feature) => flags.has(feature));
  const value = `${model}, ${found.join(', ') || 'without AVX2'}`;
  if (!flags.has('avx2')) {
    const advice = 'Models will be slow: prefer a host with AVX2, or a small model.';
    return { state: 'warning', what, value, advice };
  }
  if (found.length > 1) return { state: 'ok', what, value };
  const advice =
    'Without VNNI, int8 is little faster than fp32 and less exact on some CPUs: try --tier fp32 as well if memory allows.';
  return { state: 'ok', what, value, advice };
}

export function describeThreads({ cpus: count, isLimited }: MachineLimits, lanes: number): Check {
  const limit = isLimited ? ' (limited by a cgroup)' : '';
  const value = `${formatCount(Math.round(count * 10) / 10, 'CPU')}${limit}, ${formatCount(lanes, 'lane')} planned`;
  const what = 'threads';
  if (lanes >= Math.floor(count)) return { state: 'ok', what, value };
  const advice = 'Memory allows no more lanes: give it more, or use a smaller model or tier.';
  return { state: 'warning', what, value, advice };
}

const SCARCE_MEMORY_BYTES = 1.5e9;

export function describeMemory({ memoryBytes, availableBytes, isLimited }: MachineLimits): Check {
  const limit = isLimited ? ' (within the cgroup)' : '';
  const value = `${formatBytes(memoryBytes)}${limit}, ${formatBytes(availableBytes)} free`;
  const what = 'memory';
  if (availableBytes >= SCARCE_MEMORY_BYTES) return { state: 'ok', what, value };
  const advice = 'A model of the size of Parakeet needs some 1.5 GB for its first lane.';
  return { state: 'warning', what, value, advice };
}
