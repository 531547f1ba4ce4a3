import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from './address-policy.js';

const web = (host: string, port = 443) => ({ host, port });

describe('createAddressPolicy', () => {
  it('allows the public internet and nothing else by default', () => {
    const policy = createAddressPolicy();
    expect(policy.allows('1.1.1.1', web('example.org'))).toBe(true);
    expect(policy.allows('10.0.0.1', web('example.org'))).toBe(false);
    expect(policy.findTargetProblem(web('example.org'))).toBeUndefined();
    expect(policy.findTargetProblem(web('127.0.0.1'))).toMatch(/public internet/);
  });

  it('lets a named host resolve to private addresses, but never to link-local or metadata ones', () => {
    const policy = createAddressPolicy(['files.corp']);
    expect(policy.allows('10.0.0.1', web('files.corp'))).toBe(true);
    expect(policy.allows('127.0.0.1', web('files.corp'))).toBe(true);
    expect(policy.allows('169.254.169.254', web('files.corp'))).toBe(false);
    expect(policy.allows('fd00:ec2::254', web('files.corp'))).toBe(false);
    expect(policy.allows('10.0.0.1', web('other.corp'))).toBe(false);
    expect(policy.allows('10.0.0.1', web('files.corp.evil.org'))).toBe(false);
  });

  it('holds a host to the port it was allowed with', () => {
    const policy = createAddressPolicy(['minio:9000', '10.0.0.9:8080', '[fd00::1]:9000']);
    expect(policy.allows('10.0.0.1', web('minio', 9000))).toBe(true);
    expect(policy.allows('10.0.0.1', web('minio', 6379))).toBe(false);
    expect(policy.findTargetProblem(web('minio', 9000))).toBeUndefined();
    expect(createAddressPolicy(['minio:9000']).findTargetProblem(web('minio', 9001))).toMatch(
      /name/,
    );
    expect(policy.allows('10.0.0.9', web('10.0.0.9', 8080))).toBe(true);
    expect(policy.allows('10.0.0.9', web('10.0.0.9', 8081))).toBe(false);
    expect(policy.allows('fd00::1', web('fd00::1', 9000))).toBe(true);
  });

  it('allows every address of a named network, whatever the host is called', () => {
    const policy = createAddressPolicy(['10.1.0.0/16', 'fd00:1::/32']);
    expect(policy.allows('10.1.2.3', web('files.internal'))).toBe(true);
    expect(policy.allows('fd00:1::5', web('files.internal'))).toBe(true);
    expect(policy.allows('10.2.0.1', web('files.internal'))).toBe(false);
    expect(policy.findTargetProblem(web('files.internal'))).toBeUndefined();
    expect(policy.findTargetProblem(web('10.1.2.3'))).toBeUndefined();
  });

  it.each([22, 23, 25, 53, 110, 445, 587, 993, 2375, 3306, 5432, 6379, 9200, 10250, 11211, 27017])(
    'refuses port %i unless it was named with the host',
    (port) => {
      expect(createAddressPolicy().findTargetProblem(web('example.org', port))).toMatch(/port/);
      const named = createAddressPolicy([`example.org:${port}`]);
      expect(named.findTargetProblem(web('example.org', port))).toBeUndefined();
    },
  );

  it.each([80, 443, 8080, 8443, 3000, 9000, 49152])('takes port %i', (port) => {
    expect(createAddressPolicy().findTargetProblem(web('example.org', port))).toBeUndefined();
  });

  it.each([
    'localhost',
    'redis',
    'a.localhost',
    'printer.local',
    'metadata.google.internal',
    'nas.lan',
  ])('refuses the private name %s without asking DNS', (host) => {
    expect(createAddressPolicy().findTargetProblem(web(host))).toMatch(/name/);
  });

  it.each([
    '',
    'a b',
    'http://host',
    'host:0',
    'host:99999',
    '10.0.0.0/40',
    'user@host',
    'host/path',
  ])('refuses the setting %j', (entry) => {
    expect(() => createAddressPolicy([entry])).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});
