// Which IP addresses lie on the public internet. After the IANA special-purpose address registries (IPv4, IPv6), plus
// the addresses at which cloud providers answer with credentials. Of IPv6 only 2000::/3 is public at all: mapped,
// compatible, NAT64, unique-local, site-local, link-local and multicast addresses all lie outside it.

import { isIPv4, isIPv6 } from 'node:net';

export type AddressKind =
  | 'public'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'unique-local'
  | 'multicast'
  | 'documentation'
  | 'benchmarking'
  | 'transition'
  | 'metadata'
  | 'reserved';

type IpAddress = { bits: 32 | 128; value: bigint };
export type AddressRange = IpAddress & { prefixLength: number };

/** The first range that holds an address tells its kind. */
const RANGES = (
  [
    ['169.254.169.254/32', 'metadata'],
    ['169.254.170.2/32', 'metadata'],
    ['100.100.100.200/32', 'metadata'],
    ['168.63.129.16/32', 'metadata'],
    ['192.0.0.192/32', 'metadata'],
    ['fd00:ec2::/32', 'metadata'],
    ['0.0.0.0/8', 'unspecified'],
    ['10.0.0.0/8', 'private'],
    ['100.64.0.0/10', 'shared'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['172.16.0.0/12', 'private'],
    ['192.0.0.0/24', 'reserved'],
    ['192.0.2.0/24', 'documentation'],
    ['192.88.99.0/24', 'transition'],
    ['192.168.0.0/16', 'private'],
    ['198.18.0.0/15', 'benchmarking'],
    ['198.51.100.0/24', 'documentation'],
    ['203.0.113.0/24', 'documentation'],
    ['224.0.0.0/4', 'multicast'],
    ['240.0.0.0/4', 'reserved'],
    ['0.0.0.0/0', 'public'],
    ['::/128', 'unspecified'],
    ['::1/128', 'loopback'],
    ['::/96', 'transition'],
    ['::ffff:0:0/96', 'transition'],
    ['::ffff:0:0:0/96', 'transition'],
    ['64:ff9b::/96', 'transition'],
    ['64:ff9b:1::/48', 'transition'],
    ['2001::/32', 'transition'],
    ['2001:2::/48', 'benchmarking'],
    ['2001::/23', 'reserved'],
    ['2001:db8::/32', 'documentation'],
    ['2002::/16', 'transition'],
    ['3ffe::/16', 'reserved'],
    ['3fff::/20', 'documentation'],
    ['2000::/3', 'public'],
    ['fc00::/7', 'unique-local'],
    ['fe80::/10', 'link-local'],
    ['ff00::/8', 'multicast'],
    ['::/0', 'reserved'],
  ] as const satisfies readonly (readonly [string, AddressKind])[]
).map(([text, kind]) => ({ range: parseRange(text), kind }));

/** What is no address at all is `reserved`. */
export function classifyAddress(text: string): AddressKind {
  return (
    RANGES.find(({ range }) => range !== undefined && isInRange(text, range))?.kind ?? 'reserved'
  );
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Undefined where it is neither. */
export function parseRange(text: string): AddressRange | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = parseAddress(match?.[1] ?? '');
  if (address === undefined) return undefined;
  const prefixLength = Number(match?.[2] ?? address.bits);
  return prefixLength <= address.bits ? { ...address, prefixLength } : undefined;
}

export function isInRange(text: string, range: AddressRange): boolean {
  const address = parseAddress(text);
  if (address?.bits !== range.bits) return false;
  const shift = BigInt(range.bits - range.prefixLength);
  return address.value >> shift === range.value >> shift;
}

/** Whether two spellings are the same address. */
export function isSameAddress(a: string, b: string): boolean {
  const range = parseRange(b);
  return range !== undefined && isInRange(a, range);
}

function parseAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { bits: 32, value: parseIPv4(text) };
  if (isIPv6(text)) return { bits: 128, value: parseIPv6(text) };
  return undefined;
}

function parseIPv4(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

/** A zone (`fe80::1%eth0`) names an interface and is no part of the address. */
function parseIPv6(text: string): bigint {
  const bare = text.replace(/%.*$/, '').replace(/\d+\.\d+\.\d+\.\d+$/, (dotted) => {
    const value = parseIPv4(dotted);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = [], tail = []] = bare
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].reduce(
    (sum, group) => (sum << 16n) | BigInt(`0x${group}`),
    0n,
  );
}
