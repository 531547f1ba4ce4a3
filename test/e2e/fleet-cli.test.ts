// `steno up` and the commands that talk to it, as a user runs them.

import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplePath } from '../fixtures/example-audio.js';
import {
  isRunning,
  readTranscript,
  type RunningFleet,
  runSteno,
  startFleet,
  startSteno,
} from '../fixtures/run-steno.js';

const READY_LINES = ['API', 'Documents', 'Queues', 'Redis', 'Results', 'Models', 'Workers', 'Logs'];
const isLinux = process.platform === 'linux';

let home = '';
let fleet: RunningFleet;

const steno = (...commandArguments: string[]) => runSteno(commandArguments, { home });
const idIn = (text: string, letter: 'b' | 'j') =>
  new RegExp(`\\b${letter}[0-9a-z]{20}\\b`).exec(text)?.[0] ?? '';

async function waitUntil(check: () => boolean | Promise<boolean>, deadlineMs = 20_000) {
  const until = Date.now() + deadlineMs;
  while (!(await check())) {
    if (Date.now() > until) throw new Error('It did not come to pass.');
    await sleep(50);
  }
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'steno fleet-'));
  await mkdir(join(home, 'archive', 'older'), { recursive: true });
  await copyFile(examplePath('podcast.mp3'), join(home, 'archive', 'podcast.mp3'));
  await copyFile(examplePath('film.mp4'), join(home, 'archive', 'older', 'film.mp4'));
  fleet = await startFleet([], { home });
});
afterAll(async () => {
  await fleet.end();
  await rm(home, { recursive: true, force: true });
});

describe('a fleet on one machine', () => {
  it('says where everything is', () => {
    for (const line of READY_LINES) expect(fleet.shown()).toMatch(new RegExp(`^ {2}${line} `, 'm'));
  });

  it('transcribes a folder that lies in its root, and makes nothing twice', async () => {
    const first = await steno('submit', 'archive', '--wait', '--out', 'out', '--name', 'all');
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stdout).toContain('2 recordings submitted.');
    expect(first.stdout).toContain('2 recordings: 2 done.');
    expect(first.stdout).toContain('CPU hours per audio hour');
    const transcript = await readTranscript(join(home, 'out', 'older', 'film.json'));
    expect(transcript.segments.length).toBeGreaterThan(0);
    expect(await readdir(join(home, 'out'))).toHaveLength(5);

    const again = await steno('submit', 'archive', '--wait', '--out', 'out', '--name', 'all');
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stdout).toContain('submitted before');
    expect(idIn(again.stdout, 'b')).toBe(idIn(first.stdout, 'b'));
  });

  it('uploads what lies elsewhere, once', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'steno-elsewhere-'));
    try {
      const call = join(elsewhere, 'call.wav');
      await copyFile(examplePath('call.wav'), call);
      const first = await steno('submit', call, '--channels', 'separate', '--wait');
      expect(first).toMatchObject({ exitCode: 0 });
      expect(first.stdout).toContain('1 uploaded');
      const again = await steno('submit', call, '--channels', 'separate');
      expect(again.stdout).not.toContain('uploaded');
      expect(again.stdout).toContain('submitted before');
      const id = idIn(first.stdout, 'j');
      const result = await steno('job', id, '--result', 'srt');
      expect(result.stdout).toMatch(/^1\n00:00:/);
      const shown = await steno('job', id);
      expect(shown.stdout).toMatch(/Status +done/);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  it('goes on after Ctrl-C when the same command is given again', async () => {
    const folder = join(home, 'slow');
    await mkdir(folder);
    for (const name of ['a.mp3', 'b.mp3', 'c.mp3']) {
      await copyFile(examplePath('podcast.mp3'), join(folder, name));
      // Other bytes, another recording.
      await writeFile(join(folder, name), name, { flag: 'a' });
    }
    const run = startSteno(['submit', 'slow', '--wait'], { home });
    let [shown, told] = ['', ''];
    run.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
    run.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    await waitUntil(() => shown.includes('submitted.'));
    run.kill('SIGINT');
    const [exitCode] = (await once(run, 'close')) as [number | null];
    expect(exitCode).toBe(130);
    const id = idIn(shown, 'b');
    expect(told).toContain(`steno batches ${id} --wait`);
    const again = await steno('submit', 'slow', '--wait', '--out', 'slow-out');
    expect(again).toMatchObject({ exitCode: 0 });
    expect(idIn(again.stdout, 'b')).toBe(id);
    expect(again.stdout).toContain('3 recordings: 3 done.');
  });

  it('tells what failed, exits 1, and lists, cancels and retries', async () => {
    await writeFile(join(home, 'broken.mp3'), 'no audio at all');
    const failed = await steno('submit', 'broken.mp3', '--wait');
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.stdout).toContain('AUDIO_UNREADABLE');
    const id = idIn(failed.stdout, 'j');
    const listed = await steno('jobs', '--status', 'failed');
    expect(listed.stdout).toContain(id);
    const retried = await steno('retry', id);
    expect(retried).toMatchObject({ exitCode: 0 });
    const awaited = await steno('job', id, '--wait');
    expect(awaited).toMatchObject({ exitCode: 1 });
    const unknown = await steno('cancel', 'j0000000000000000000z');
    expect(unknown).toMatchObject({ exitCode: 1 });
    expect(unknown.stderr).toContain('JOB_NOT_FOUND');
    const batches = await steno('batches');
    expect(batches.stdout).toMatch(/finished +2 of 2/);
    const hosts = await steno('hosts');
    expect(hosts.stdout).toContain('demo-en int8');
  });

  it('passes the doctor', async () => {
    const { exitCode, stdout } = await steno('doctor', '--fleet');
    expect(exitCode).toBe(0);
    for (const what of ['API', 'hosts', 'Redis', 'storage']) {
      expect(stdout).toMatch(new RegExp(`^✓ ${what} `, 'm'));
    }
  });

  it('refuses a second one on the same data folder, and a port that is taken', async () => {
    const second = await steno('up', '--port', '0');
    expect(second).toMatchObject({ exitCode: 1 });
    expect(second.stderr).toContain('FLEET_RUNNING');
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as { port: number }).port);
    const third = await runSteno(['up', '--port', port, '--data-dir', join(home, 'other')], {
      home,
    });
    taken.close();
    expect(third).toMatchObject({ exitCode: 1 });
    expect(third.stderr).toContain('PORT_TAKEN');
  });

  it.runIf(isLinux)('starts a worker again that dies', async () => {
    const [, ...parts] = await fleet.pids();
    const worker = await findNode(parts, 'worker/dist/main.js');
    process.kill(worker, 'SIGKILL');
    await waitUntil(() => fleet.shown().includes('Worker 1 is back.'));
  });

  it.runIf(isLinux)('leaves nothing behind when it is interrupted', async () => {
    const pids = await fleet.pids();
    expect(pids.length).toBeGreaterThan(3);
    expect(await fleet.end('SIGINT')).toBe(130);
    expect(fleet.shown()).toContain('All of it has ended.');
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it.runIf(isLinux)('cleans up after one that was killed, and has lost nothing', async () => {
    fleet = await startFleet([], { home });
    const before = await steno('jobs', '--limit', '50');
    const pids = await fleet.pids();
    await fleet.end('SIGKILL');
    fleet = await startFleet([], { home });
    expect(pids.filter(isRunning)).toEqual([]);
    const after = await steno('jobs', '--limit', '50');
    expect(after.stdout).toBe(before.stdout);
  });
});

it('says what to do where no fleet runs', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'steno-none-'));
  try {
    const env = { STENO_API_URL: 'http://127.0.0.1:65530' };
    const { exitCode, stderr } = await runSteno(['jobs'], { home: empty, env });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Is "steno up" running?');
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
});

async function findNode(pids: readonly number[], script: string): Promise<number> {
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(script)) return pid;
  }
  throw new Error(`No process runs ${script}.`);
}
