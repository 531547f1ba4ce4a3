import { createHash } from 'node:crypto';
import { type Redis } from 'ioredis';
import { toRedisError } from '../queue/redis-connection.js';

export type ScriptReply = string | number | null | ScriptReply[];
/** Absent values arrive as empty strings. */
export type ScriptArgument = string | number | undefined;
export type Script = (...args: readonly ScriptArgument[]) => Promise<ScriptReply>;

/**
 * A Lua script on the keys under one hash tag, which it gets as KEYS[1] and from which it derives all others (they lie in
 * one slot). Sent once, then named by its hash.
 */
export function createScript(
  redis: Redis,
  { source, tag }: { source: string; tag: string },
): Script {
  const sha = createHash('sha1').update(source).digest('hex');
  return async (...args) => {
    const values = args.map((value) => (value === undefined ? '' : String(value)));
    try {
      return (await redis.evalsha(sha, 1, tag, ...values)) as ScriptReply;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT'))
        throw toRedisError(error);
    }
    try {
      return (await redis.eval(source, 1, tag, ...values)) as ScriptReply;
    } catch (error) {
      throw toRedisError(error);
    }
  };
}
