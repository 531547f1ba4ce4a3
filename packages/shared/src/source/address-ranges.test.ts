import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AddressKind,
  classifyAddress,
  isInRange,
  isSameAddress,
  parseRange,
} from './address-ranges.js';

const kinds: [AddressKind, string[]][] = [
  [
    'public',
    ['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
  ],
  [
    'public',
    [
      '128.0.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '192.169.0.0',
      '223.255.255.255',
    ],
  ],
  ['public', ['198.17.255.255', '198.20.0.0', '169.253.255.255', '169.255.0.0']],
  ['public', ['2606:4700:4700::1111', '2001:4860:4860::8888', '2003::1', '2a00::', '3ffd:ffff::']],
  ['unspecified', ['0.0.0.0', '0.255.255.255', '::']],
  [
    'private',
    [
      '10.0.0.0',
      '10.255.255.255',
      '172.16.0.0',
      '172.31.255.255',
      '192.168.0.0',
      '192.168.255.255',
    ],
  ],
  ['shared', ['100.64.0.0', '100.127.255.255']],
  ['loopback', ['127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1']],
  ['link-local', ['169.254.0.0', '169.254.255.255', 'fe80::1', 'fe80::1%eth0', 'febf:ffff::']],
  [
    'metadata',
    ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ],
  ['metadata', ['fd00:ec2::254', 'fd00:ec2::23']],
  [
    'documentation',
    ['192.0.2.1', '198.51.100.1', '203.0.113.255', '2001:db8::1', '3fff::1', '3fff:fff::'],
  ],
  ['benchmarking', ['198.18.0.0', '198.19.255.255', '2001:2::1']],
  ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1']],
  [
    'reserved',
    [
      '240.0.0.1',
      '255.255.255.255',
      '192.0.0.8',
      '2001:20::1',
      '3ffe::1',
      '4000::1',
      'fec0::1',
      '5f00::1',
    ],
  ],
  [
    'transition',
    [
      '192.88.99.1',
      '2002:7f00:1::',
      '2001::1',
      '2001:0:7f00:1::',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::1',
    ],
  ],
  [
    'transition',
    ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1', '::ffff:0:127.0.0.1'],
  ],
  ['unique-local', ['fc00::1', 'fdff:ffff::1']],
  ['reserved', ['', 'localhost', '127.1', '0x7f000001', '1.2.3.4/8', '::1::']],
];

describe('classifyAddress', () => {
  it.each(kinds)('knows %s addresses: %j', (kind, addresses) => {
    expect(addresses.map((address) => [address, classifyAddress(address)])).toEqual(
      addresses.map((address) => [address, kind]),
    );
  });

  it('takes no IPv4 address for public because it is written as one of IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        for (const prefix of ['::ffff:', '::', '64:ff9b::', '::ffff:0:']) {
          expect(classifyAddress(`${prefix}${address}`)).not.toBe('public');
        }
      }),
    );
  });

  it('takes no IPv6 address outside 2000::/3 for public', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const firstGroup = new URL(`http://[${address}]/`).hostname.slice(1).split(':')[0];
        const isGlobal =
          Number.parseInt(firstGroup === '' ? '0' : (firstGroup ?? ''), 16) >> 13 === 1;
        if (!isGlobal) expect(classifyAddress(address)).not.toBe('public');
      }),
    );
  });

  it('reads every spelling of an IPv6 address as the same', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
        expect(isSameAddress(address, canonical)).toBe(true);
        expect(classifyAddress(address)).toBe(classifyAddress(canonical));
      }),
    );
  });
});

describe('parseRange', () => {
  it('holds exactly what has its leading bits', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.nat(32), (address, other, prefixLength) => {
        const range = parseRange(`${address}/${prefixLength}`);
        const bits = (text: string) =>
          text
            .split('.')
            .map((part) => Number(part).toString(2).padStart(8, '0'))
            .join('')
            .slice(0, prefixLength);
        expect(range && isInRange(other, range)).toBe(bits(address) === bits(other));
      }),
    );
  });

  it.each(['', '/8', '10.0.0.0/33', '::/129', '10.0.0/8', 'host/8', '10.0.0.0/', '10.0.0.0/-1'])(
    'refuses %j',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );

  it('never mixes the two families', () => {
    const all = parseRange('::/0');
    expect(all && isInRange('10.0.0.1', all)).toBe(false);
  });
});
