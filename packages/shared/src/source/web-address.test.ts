import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from './address-policy.js';
import { checkRedirect, checkWebAddress } from './web-address.js';

const policy = createAddressPolicy();
const check = (uri: string) => checkWebAddress(uri, policy).href;
const coded = (code: string) => expect.objectContaining({ code }) as Error;

describe('checkWebAddress', () => {
  it.each([
    ['HTTPS://Example.ORG/a b'.replace(' ', '%20'), 'https://example.org/a%20b'],
    ['http://example.org:80/x?token=1#t=5', 'http://example.org/x?token=1'],
    ['https://example.org./x', 'https://example.org/x'],
    ['https://bücher.example/x', 'https://xn--bcher-kva.example/x'],
    ['https://1.1.1.1/x', 'https://1.1.1.1/x'],
    ['https://[2606:4700::1]/x', 'https://[2606:4700::1]/x'],
    ['https://my_host.example.org/x@y', 'https://my_host.example.org/x@y'],
  ])('takes %s as %s', (uri, normalised) => {
    expect(check(uri)).toBe(normalised);
    expect(check(normalised)).toBe(normalised);
  });

  it('knows a private IPv4 address in every spelling', () => {
    const spellings = fc.constantFrom<(bytes: number[]) => string>(
      (bytes) => bytes.join('.'),
      (bytes) => String(bytes.reduce((sum, byte) => sum * 256 + byte, 0)),
      (bytes) => `0x${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`,
      (bytes) => bytes.map((byte) => `0${byte.toString(8)}`).join('.'),
      (bytes) => bytes.map((byte) => `0x${byte.toString(16)}`).join('.'),
      ([a = 0, b = 0, c = 0, d = 0]) => `${a}.${(b * 256 + c) * 256 + d}`,
      (bytes) => `${bytes.join('.')}.`,
      (bytes) => bytes.join('%2e'),
      (bytes) => bytes.join('。'),
      (bytes) => `[::ffff:${bytes.join('.')}]`,
    );
    const byte = fc.nat(255);
    const privateBytes = fc.oneof(
      fc.tuple(fc.constantFrom(10, 127), byte, byte, byte),
      fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
      fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
    );
    fc.assert(
      fc.property(privateBytes, spellings, (bytes, spell) => {
        expect(() => check(`http://${spell(bytes)}/`)).toThrow(coded('SOURCE_FORBIDDEN'));
      }),
    );
  });

  it('answers any text with an address or a coded refusal', () => {
    const uri = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true }),
      fc.string({ unit: 'binary' }).map((text) => `http://${text}`),
    );
    fc.assert(
      fc.property(uri, (text) => {
        try {
          expect(check(check(text))).toBe(check(text));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^SOURCE_/) as string });
        }
      }),
    );
  });

  it('tells neither query nor password in its refusal', () => {
    for (const uri of ['http://10.0.0.1/a?sig=hunter2', 'https://user:hunter2@example.org/']) {
      expect(() => check(uri)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }),
      );
    }
  });
});

describe('checkRedirect', () => {
  const follow = (from: string, location: string) =>
    checkRedirect(new URL(from), { location, policy }).href;

  it('takes relative, spaced and UTF-8 locations', () => {
    expect(follow('https://example.org/a/b', '../c')).toBe('https://example.org/c');
    expect(follow('https://example.org/', '/a b.mp3')).toBe('https://example.org/a%20b.mp3');
    const latin1 = Buffer.from('/é').toString('latin1');
    expect(follow('https://example.org/', latin1)).toBe('https://example.org/%C3%A9');
    expect(follow('http://example.org/', 'https://cdn.example.org/x')).toBe(
      'https://cdn.example.org/x',
    );
  });

  it.each([
    ['https://example.org/', 'http://example.org/'],
    ['https://example.org/', '//127.0.0.1/'],
    ['https://example.org/', 'https://169.254.169.254/'],
    ['http://example.org/', 'file:///etc/passwd'],
    ['http://example.org/', 'ftp://example.org/'],
    ['http://example.org/', 'http://user:pass@example.com/'],
    ['http://example.org/', 'http://example.com:6379/'],
    ['http://example.org/', '\\\\10.0.0.1\\share'],
    ['http://example.org/', 'http://'],
  ])('refuses to go from %s to %s', (from, location) => {
    expect(() => follow(from, location)).toThrow(coded('SOURCE_FORBIDDEN'));
  });
});
