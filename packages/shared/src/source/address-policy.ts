// Which hosts, ports and addresses a connection may go to: the public internet, and what the operator named.

import { isIP } from 'node:net';
import { CodedError } from '../errors/index.js';
import {
  type AddressKind,
  type AddressRange,
  classifyAddress,
  isInRange,
  parseRange,
} from './address-ranges.js';

/** Above 1023, where services listen that take commands of a crafted request, or that trust whoever reaches them. */
const SERVICE_PORTS = new Set([
  1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045,
  4190, 4369, 5060, 5061, 5432, 5672, 5900, 5984, 6000, 6379, 6380, 6443, 6566, 6665, 6666, 6667,
  6668, 6669, 6679, 6697, 7000, 7001, 8500, 9042, 9092, 9200, 9300, 10080, 10250, 10255, 11211,
  15672, 26379, 27017,
]);
/** Names that public DNS does not hand out. */
const PRIVATE_NAMES =
  /^(?:[^.]+|.*\.(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|onion|home\.arpa))$/;
/** What a named host may resolve to. Link-local and metadata addresses need a range of their own. */
const LIFTED_BY_NAME: readonly AddressKind[] = ['private', 'loopback', 'shared', 'unique-local'];

export type WebTarget = {
  /** As a URL has it, without brackets and trailing dot. */
  host: string;
  port: number;
};

export type AddressPolicy = {
  /** Why a target is refused without asking DNS; undefined where it is not. */
  findTargetProblem: (target: WebTarget) => string | undefined;
  /** Whether a connection to this address may be made for this target. */
  allows: (address: string, target: WebTarget) => boolean;
};

type Entry = { host: string; port: number | undefined; range: AddressRange | undefined };

/**
 * `allowedPrivateHosts`: `host`, `host:port`, an address, `[v6]:port`, or a network such as `10.1.0.0/16`.
 * A name lifts the refusal of private addresses for what it resolves to; a network that of all addresses in it.
 * @throws CodedError `CONFIG_INVALID`
 */
export function createAddressPolicy(allowedPrivateHosts: readonly string[] = []): AddressPolicy {
  const entries = allowedPrivateHosts.map(parseEntry);
  const hasRanges = entries.some(({ range }) => range !== undefined);

  function findNamed({ host, port }: WebTarget): Entry | undefined {
    return entries.find((entry) => entry.host === host && (entry.port ?? port) === port);
  }

  function allows(address: string, target: WebTarget): boolean {
    const kind = classifyAddress(address);
    if (kind === 'public') return true;
    const inRange = entries.some(
      ({ range, port }) =>
        range !== undefined && (port ?? target.port) === target.port && isInRange(address, range),
    );
    return inRange || (findNamed(target) !== undefined && LIFTED_BY_NAME.includes(kind));
  }

  function findTargetProblem(target: WebTarget): string | undefined {
    if (findNamed(target) !== undefined) return undefined;
    if (!isWebPort(target.port)) return `port ${target.port} is not one of a web server`;
    if (isIP(target.host) !== 0) {
      return allows(target.host, target) ? undefined : 'the address is not on the public internet';
    }
    // A private name may resolve into an allowed network.
    return PRIVATE_NAMES.test(target.host) && !hasRanges
      ? 'the name is not one of the public internet'
      : undefined;
  }

  return { findTargetProblem, allows };
}

function isWebPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && !SERVICE_PORTS.has(port));
}

function parseEntry(text: string): Entry {
  const range = parseRange(text);
  if (range !== undefined) return { host: text, port: undefined, range };
  const match = /^([^/?#@\s]+?)(?::(\d{1,5}))?$/.exec(text);
  const [, hostText = '', portText] = match ?? [];
  const port = portText === undefined ? undefined : Number(portText);
  if (!URL.canParse(`http://${hostText}/`) || (port ?? 1) < 1 || (port ?? 1) > 65_535) {
    throw new CodedError(
      'CONFIG_INVALID',
      `"${text}" names no private host: host, host:port, address or network (10.1.0.0/16) is accepted.`,
    );
  }
  const host = bareHost(new URL(`http://${hostText}/`));
  return { host, port, range: parseRange(host) };
}

/** Host of an address, without the brackets of IPv6 and without trailing dot. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}
