import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeCpu, describeMemory, describeThreads } from './check-machine.js';
import { checkNode, checkProgram } from './check-programs.js';
import { checkSettings } from './check-settings.js';

describe('doctor', () => {
  it('wants a recent node', () => {
    expect(checkNode('20.19.0').state).toBe('ok');
    expect(checkNode('24.1.0').state).toBe('ok');
    expect(checkNode('20.18.3')).toMatchObject({
      state: 'bad',
      advice: 'Install node 20.19 or newer.',
    });
  });

  it('says how to get ffmpeg, and what is too old', async () => {
    const missing = await checkProgram('ffmpeg', () => Promise.resolve(undefined));
    expect(missing).toMatchObject({ state: 'bad', value: 'not found' });
    expect((await checkProgram('ffmpeg', () => Promise.resolve('3.4.8'))).state).toBe('warning');
    expect((await checkProgram('ffmpeg', () => Promise.resolve('n7.1'))).state).toBe('ok');
    expect((await checkProgram('ffmpeg', () => Promise.resolve('N-118-gab'))).state).toBe('ok');
  });

  it('tells settings with which no run would start', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'steno-doctor-'));
    try {
      expect(await checkSettings(dataDir)).toEqual([]);
      await writeFile(join(dataDir, 'settings.json'), '{"lanes":0,"colour":true}');
      const [check] = await checkSettings(dataDir);
      expect(check).toMatchObject({ state: 'bad', what: 'settings' });
      expect(check?.value).toMatch(/settings\.json cannot be used: lanes: .*colour/);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it('looks for what int8 needs in the CPU', () => {
    const flags = (list: string) => `processor : 0\nflags\t\t: fpu ${list}\n`;
    expect(describeCpu('X', flags('avx2 avx512_vnni'))).toMatchObject({
      state: 'ok',
      value: 'X, avx2, avx512_vnni',
    });
    expect(describeCpu('X', flags('avx2')).advice).toContain('VNNI');
    expect(describeCpu('X', flags('sse4_2')).state).toBe('warning');
    expect(describeCpu('Apple M3', undefined)).toEqual({
      state: 'ok',
      what: 'CPU',
      value: 'Apple M3',
    });
  });

  it('tells lanes and memory within the cgroup', () => {
    const limits = { cpus: 4, memoryBytes: 2e9, availableBytes: 1e9, isLimited: true };
    expect(describeThreads(limits, 2)).toMatchObject({
      state: 'warning',
      value: '4 CPUs (limited by a cgroup), 2 lanes planned',
    });
    expect(describeMemory(limits)).toMatchObject({
      state: 'warning',
      value: '2.0 GB (within the cgroup), 1.0 GB free',
    });
  });
});
