// Peak memory of `steno transcribe` on a long recording against a one-minute one: the length must not show.
// npm run memory            6 hours (some minutes of computing)
// npm run memory -- --quick 40 minutes

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ALLOWED_GROWTH_MB = 300;
const SAMPLE_EVERY_MS = 100;
const root = fileURLToPath(new URL('../../../', import.meta.url));
const steno = join(root, 'apps/cli/bin/steno.js');
const example = join(root, 'examples/podcast.mp3');

const longSeconds = process.argv.includes('--quick') ? 40 * 60 : 6 * 3600;
const folder = await mkdtemp(join(tmpdir(), 'steno-memory-'));
try {
  const short = await measurePeak(60);
  const long = await measurePeak(longSeconds);
  const growth = long.peakMb - short.peakMb;
  console.log(`1 minute:  ${describe(short)}`);
  console.log(`${(longSeconds / 60).toFixed(0)} minutes: ${describe(long)}`);
  console.log(
    `growth: ${growth.toFixed(0)} MB (at most ${ALLOWED_GROWTH_MB}), ` +
      `${(longSeconds / long.seconds).toFixed(0)} × real time with the demo model`,
  );
  if (growth > ALLOWED_GROWTH_MB) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

type Peak = { peakMb: number; seconds: number };

function describe({ peakMb, seconds }: Peak): string {
  return `${peakMb.toFixed(0)} MB at the peak, ${seconds.toFixed(1)} s`;
}

async function measurePeak(recordingSeconds: number): Promise<Peak> {
  const recording = join(folder, `${recordingSeconds}s.mp3`);
  await run('ffmpeg', [
    ...['-nostdin', '-loglevel', 'error', '-y', '-stream_loop', '-1', '-i', example],
    ...['-t', String(recordingSeconds), '-c', 'copy', recording],
  ]);
  const started = performance.now();
  const child = spawn(process.execPath, [steno, 'transcribe', recording, '--model', 'demo-en'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, STENO_DATA_DIR: join(folder, 'data') },
  });
  let peakKb = 0;
  const sampling = setInterval(
    () =>
      void sumPeaks(child.pid ?? 0).then((kilobytes) => {
        peakKb = Math.max(peakKb, kilobytes);
      }),
    SAMPLE_EVERY_MS,
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(sampling);
  if (code !== 0) throw new Error(`steno ended with ${code ?? 'a signal'}`);
  return { peakMb: peakKb / 1024, seconds: (performance.now() - started) / 1000 };
}

async function run(command: string, args: string[]): Promise<void> {
  const [code] = (await once(spawn(command, args, { stdio: 'inherit' }), 'exit')) as [
    number | null,
  ];
  if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}`);
}

/** Highest resident sets so far of the processes that are alive together; ffprobe's does not count once it has ended. */
async function sumPeaks(rootPid: number): Promise<number> {
  let sum = 0;
  for (const pid of await listTree(rootPid)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    sum += Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  }
  return sum;
}

async function listTree(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const children = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  );
  const pids = children.flatMap((text) => text.split(' ').filter(Boolean).map(Number));
  return [pid, ...(await Promise.all(pids.map(listTree))).flat()];
}
