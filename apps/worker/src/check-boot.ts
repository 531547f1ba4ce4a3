// What a worker asks of its surroundings before it takes any work; every answer is a plain sentence.

import { type MachineLimits } from '@stenofleet/asr-core';
import { CodedError } from '@stenofleet/shared/errors';
import { type Log } from '@stenofleet/shared/log';
import { checkRedis, toRedisError } from '@stenofleet/shared/queue';
import { type Redis } from 'ioredis';
import { type ServedModel } from './served-models.js';

/** Storage is asked when it is opened. @throws CodedError `REDIS_UNSUITABLE`, `REDIS_UNAVAILABLE` */
export async function checkQueue(redis: Redis, log: Log): Promise<void> {
  const problems = await checkRedis(redis).catch((error: unknown) => {
    throw toRedisError(error);
  });
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const message = errors.map((problem) => problem.message).join(' ');
    throw new CodedError('REDIS_UNSUITABLE', message);
  }
  for (const { message } of problems) log.warn(message);
}

/** What works, and yet is likely not what was meant. */
export function describeDoubts(
  models: readonly ServedModel[],
  { cpus, memoryBytes }: MachineLimits,
): string[] {
  return models.flatMap(({ key, laneCount, memoryNeedBytes }) => [
    ...(laneCount > Math.max(1, cpus)
      ? [`${key} gets ${laneCount} lanes on ${cpus} CPUs: they will only hinder one another.`]
      : []),
    ...(memoryNeedBytes > memoryBytes
      ? [
          `${key} needs about ${toGigabytes(memoryNeedBytes)} GB of memory, more than this host has.`,
        ]
      : []),
  ]);
}

function toGigabytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
