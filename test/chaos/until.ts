import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
/** More than any step takes on a busy machine. */
export const PATIENCE_MS = 60_000;

/** Waits for a condition; throws, saying which, when it does not come. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs / 1000} s: ${what}.`);
    await delay(POLL_MS);
  }
}

/** The same for an event. */
export async function inTime<Value>(what: string, event: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Not within ${PATIENCE_MS / 1000} s: ${what}.`)),
      PATIENCE_MS,
    );
  });
  return Promise.race([event, late]).finally(() => clearTimeout(timer));
}
