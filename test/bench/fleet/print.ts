// What all measurements of the fleet print: the machine before, the goals after.

import { availableParallelism, cpus, loadavg } from 'node:os';
import { execFileSync } from 'node:child_process';
import { type Check } from '../finding.js';
import { formatTable } from '../table.js';

export function printMachine(): void {
  const [cpu] = cpus();
  const redis = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  const version = /v=(\S+)/.exec(redis)?.[1] ?? 'unknown';
  console.log(
    `Machine    ${cpu?.model.trim() ?? 'unknown CPU'}, ${availableParallelism()} cores, load ${describeLoad()}`,
  );
  console.log(`Versions   node ${process.version}, Redis ${version}`);
}

/** Average number of running processes in the last minute, other work included. */
export function describeLoad(): string {
  return loadavg()[0]?.toFixed(2) ?? '?';
}

/**
 * The exit status says whether all goals were kept, but for those that are told only: a speed that is measured for a
 * minute on a machine with other work says little.
 */
export function printGoals(checks: readonly Check[], toldOnly: readonly string[] = []): void {
  const isTold = ({ name }: Check) => toldOnly.includes(name);
  console.log(
    formatTable(
      ['goal', 'measured', 'bound', 'kept'],
      checks.map((check) => [
        check.name,
        check.measured,
        check.bound,
        check.passed ? 'yes' : isTold(check) ? 'no (short run: told only)' : 'NO',
      ]),
    ),
  );
  console.log(`\nLoad at the end: ${describeLoad()} (this measurement's own work included)`);
  if (checks.some((check) => !check.passed && !isTold(check))) process.exitCode = 1;
}

export function toMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

export function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
