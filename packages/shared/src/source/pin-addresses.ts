// DNS is asked once per host, port and operation: what was checked is what is connected to.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CodedError } from '../errors/index.js';
import { type AddressPolicy, type WebTarget } from './address-policy.js';
import { type PinnedAddress, toUnavailable, unavailable } from './open-response.js';

/** All addresses of a host, in the order in which they are to be tried. */
export type ResolveHost = (host: string) => Promise<string[]>;

export type PinOptions = {
  policy: AddressPolicy;
  resolve: ResolveHost;
  timeoutMs: number;
  signal: AbortSignal;
};

/** Asks the system's resolver (hosts file included). */
export async function resolveHost(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/**
 * The addresses of a host, all of them allowed: one that is not condemns the host, for DNS that mixes public and
 * private addresses is what rebinding looks like.
 * @throws CodedError `SOURCE_FORBIDDEN`, `SOURCE_UNAVAILABLE`
 */
export async function pinAddresses(
  target: WebTarget,
  { policy, resolve, timeoutMs, signal }: PinOptions,
): Promise<PinnedAddress[]> {
  const { host } = target;
  const addresses =
    isIP(host) !== 0
      ? [host]
      : await within(resolve(host), { timeoutMs, signal }).catch((error: unknown) => {
          throw error instanceof TimeoutError
            ? unavailable(host, 'its name is not resolved in time')
            : toUnavailable(host, error);
        });
  if (addresses.length === 0) throw unavailable(host, 'its name has no address');
  if (!addresses.every((address) => isIP(address) !== 0 && policy.allows(address, target))) {
    throw new CodedError(
      'SOURCE_FORBIDDEN',
      `${host} is refused: it has an address that is not on the public internet.`,
    );
  }
  return addresses.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
}

class TimeoutError extends Error {}

/** A system's lookup cannot be stopped, only left alone. */
async function within<T>(
  promise: Promise<T>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<T> {
  let stop: () => void = () => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(new Error('aborted'));
    const timer = setTimeout(() => reject(new TimeoutError()), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    stop();
  }
}
