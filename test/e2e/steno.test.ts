// The built `steno` command, as a user runs it: real ffmpeg, real model (demo-en), real signals.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplePath } from '../fixtures/example-audio.js';
import { readTranscript, runSteno, startSteno, type StenoOptions } from '../fixtures/run-steno.js';

const sharedModel = fileURLToPath(
  new URL('../../../shared/data/models/nemo-tdt-small-en', import.meta.url),
);

type Example = Parameters<typeof examplePath>[0];

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'steno-e2e-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('steno transcribe', () => {
  it('writes every format, says that the demo model made it, skips what is done, redoes with --force', async () => {
    const folder = await makeFolder('formats', { 'talk.mp3': 'podcast.mp3' });
    const first = await steno(['transcribe', join(folder, 'talk.mp3')]);
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stderr).toContain('steno models pull parakeet-tdt-0.6b-v3');
    expect(await readdir(folder)).toEqual(
      ['talk.json', 'talk.mp3', 'talk.srt', 'talk.txt', 'talk.vtt'], //
    );
    const document = await readTranscript(join(folder, 'talk.json'));
    expect(document.flags.map(({ code }) => code)).toEqual(['DEMO_MODEL']);
    expect(document.text).toContain('good morning and welcome to the harbour');
    expect(document.recording).toMatchObject({ name: 'talk.mp3', codec: 'mp3', track: 0 });
    expect(Object.keys(document.provenance.versions)).toEqual(
      ['ffmpeg', 'node', 'onnxruntime', 'stenofleet', 'vad'], //
    );
    for (const extension of ['srt', 'vtt', 'txt']) {
      const text = await readFile(join(folder, `talk.${extension}`), 'utf8');
      expect(text).toContain('demo model demo-en');
    }

    const second = await steno(['transcribe', join(folder, 'talk.mp3')]);
    expect(second.stdout).toContain('1 recording: 1 already done.');
    const forced = await steno(['transcribe', '--force', join(folder, 'talk.mp3')]);
    expect(forced.stdout).toContain('1 recording: 1 transcribed');
  });

  it('transcribes the good ones among bad ones, and tells what failed and why', async () => {
    const folder = await makeFolder('bad', { 'film.mp4': 'film.mp4' });
    await writeFile(join(folder, 'broken.mp3'), 'this is no audio');
    await writeFile(join(folder, 'empty.wav'), '');
    const inputs = ['broken.mp3', 'film.mp4', 'empty.wav', 'gone.mp3'];
    const { exitCode, stdout } = await steno([
      'transcribe',
      ...inputs.map((name) => join(folder, name)),
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('4 recordings: 1 transcribed');
    expect(stdout).toContain('3 failed');
    expect(stdout).toMatch(/broken\.mp3\n {2}AUDIO_UNREADABLE: /);
    expect(stdout).toMatch(/empty\.wav\n {2}AUDIO_EMPTY: /);
    expect(stdout).toMatch(/gone\.mp3\n {2}AUDIO_NOT_FOUND: /);
    expect(existsSync(join(folder, 'film.srt'))).toBe(true);
  });

  it('walks folders and globs into --out, and keeps apart what would collide', async () => {
    const folder = await makeFolder('tree', {
      'talk.mp4': 'film.mp4',
      'talk.wav': 'call.wav',
      '2019/old.mp4': 'film.mp4',
    });
    const out = join(folder, 'out');
    const walked = await steno(['transcribe', folder, '--out', out, '--formats', 'srt,txt']);
    expect(walked).toMatchObject({ exitCode: 0 });
    expect((await readdir(out, { recursive: true })).sort()).toEqual([
      '2019',
      '2019/old.srt',
      '2019/old.txt',
      'talk.mp4.srt',
      'talk.mp4.txt',
      'talk.wav.srt',
      'talk.wav.txt',
    ]);
    const again = await steno(
      ['transcribe', '**/*.mp4', '--out', 'out', '--formats', 'srt', '--json'],
      { cwd: folder },
    );
    const events = parseEvents(again.stdout);
    // The names that were given once stay, also where nothing collides any more.
    expect(events.filter(({ event }) => event === 'skipped')).toEqual([
      expect.objectContaining({ recording: '2019/old.mp4' }),
      expect.objectContaining({ recording: 'talk.mp4', outputs: [join(out, 'talk.mp4.srt')] }),
    ]);
  });

  it('tells namesakes apart by the folders that were named, and fails only what is left', async () => {
    const folder = await makeFolder('namesakes', {
      'a/t.mp4': 'film.mp4',
      'c/t.mp4': 'film.mp4',
      'x/a/t.mp4': 'film.mp4',
      'c/other.mp4': 'film.mp4',
    });
    const run = (...inputs: string[]) =>
      steno(['transcribe', ...inputs, '--out', 'out', '--formats', 'srt'], { cwd: folder });
    expect(await run('a', 'c')).toMatchObject({ exitCode: 0 });
    const names = await readdir(join(folder, 'out'), { recursive: true });
    expect(names.sort()).toEqual(['a', 'a/t.srt', 'c', 'c/t.srt', 'other.srt']);
    expect((await run('c')).stdout).toContain('2 recordings: 2 already done.');

    const twins = ['transcribe', 'a', 'x/a', 'c', '--out', 'twins', '--formats', 'srt', '--json'];
    const first = await steno(twins, { cwd: folder });
    expect(first).toMatchObject({ exitCode: 1 });
    expect(parseEvents(first.stdout)).toContainEqual(
      expect.objectContaining({
        ...{ event: 'failed', recording: 'x/a/t.mp4', code: 'OUTPUT_COLLISION' },
        message: expect.stringContaining('that of a/t.mp4') as string,
      }),
    );
    expect(parseEvents(first.stdout).at(-1)).toMatchObject({ done: 3, failed: 1 });
    const again = parseEvents((await steno(twins, { cwd: folder })).stdout);
    expect(again.at(-1)).toMatchObject({ skipped: 3, failed: 1 });
  });

  it('says of a transcript what it replaces, also what other options made', async () => {
    const folder = await makeFolder('options', { 'call.wav': 'call.wav' });
    const run = (...options: string[]) =>
      steno(['transcribe', 'call.wav', '--formats', 'txt', ...options], { cwd: folder });
    expect((await run()).stdout).not.toContain('replaces');
    expect((await run('--force')).stdout).not.toContain('replaces');
    const other = await run('--channels', 'separate', '--json');
    expect(parseEvents(other.stdout)).toContainEqual(
      expect.objectContaining({ event: 'done', replaces: 'other options' }),
    );
    expect((await run()).stdout).toContain('replaces the transcript made with other options');
  });

  it('remembers what is to be known of a transcript when it skips it', async () => {
    const folder = await makeFolder('remembered', {});
    ffmpeg('-f', 'lavfi', '-t', '2', '-i', 'anullsrc=r=16000:cl=mono', join(folder, 'silence.wav'));
    const run = (...options: string[]) => steno(['transcribe', folder, ...options]);
    expect((await run()).stdout).toMatch(/^! .*silence\.wav/);
    expect((await run()).stdout).toMatch(/! .*silence\.wav +already done .*\n +NO_SPEECH: /);
    const [, skipped] = parseEvents((await run('--json')).stdout);
    expect(skipped).toMatchObject({ event: 'skipped', flags: [{}, { code: 'NO_SPEECH' }] });
  });

  it('hears each channel on its own, and never overwrites what it did not write', async () => {
    const folder = await makeFolder('call', { 'call.wav': 'call.wav' });
    const own = join(folder, 'call.txt');
    await writeFile(own, 'written by hand');
    const channels = ['--channels', 'separate'];
    const { exitCode } = await steno(['transcribe', join(folder, 'call.wav'), ...channels]);
    expect(exitCode).toBe(0);
    const document = await readTranscript(join(folder, 'call.wav.json'));
    expect(document.channels).toBe('separate');
    expect(new Set(document.segments.map(({ channel }) => channel))).toEqual(new Set([0, 1]));
    expect(await readFile(own, 'utf8')).toBe('written by hand');

    await writeFile(join(folder, 'call.wav.srt'), 'corrected by hand');
    const edited = await steno(['transcribe', join(folder, 'call.wav'), ...channels]);
    expect(edited).toMatchObject({ exitCode: 1 });
    expect(edited.stdout).toMatch(/OUTPUT_EXISTS: .*call\.wav\.srt/);
  });

  it('prints nothing but events with --json', async () => {
    const folder = await makeFolder('json', { 'film.mp4': 'film.mp4' });
    await writeFile(join(folder, 'broken.mp3'), 'this is no audio');
    const { stdout, stderr } = await steno(['transcribe', folder, '--json', '--formats', 'vtt']);
    const events = parseEvents(stdout);
    expect(events[0]).toMatchObject({ event: 'run', recordings: 2, model: 'demo-en', demo: true });
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'done', outputs: [join(folder, 'film.vtt')] }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'failed', index: 0, code: 'AUDIO_UNREADABLE' }),
    );
    expect(events.at(-1)).toMatchObject({ event: 'summary', done: 1, failed: 1 });
    expect(stderr).toBe('');
  });

  it('fetches http addresses once, and names outputs after them', async () => {
    const film = await readFile(examplePath('film.mp4'));
    let sent = 0;
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://host');
      if (pathname === '/latest') response.writeHead(302, { location: '/files/My%20film.mp4' });
      else if (pathname !== '/files/My%20film.mp4') response.writeHead(404);
      else if (request.headers['if-none-match'] === '"1"') response.writeHead(304);
      else {
        sent += 1;
        response.writeHead(200, { etag: '"1"' }).end(film);
        return;
      }
      response.end();
    }).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const folder = await makeFolder('url', {});
      const inputs = [
        `${address}/files/My%20film.mp4?key=secret`,
        `${address}/gone.mp3?key=secret`,
      ];
      const run = () => steno(['transcribe', ...inputs, '--formats', 'srt'], { cwd: folder });
      const first = await run();
      expect(first).toMatchObject({ exitCode: 1 });
      expect(first.stdout).toContain('SOURCE_NOT_FOUND');
      expect(first.stdout + first.stderr).not.toContain('secret');
      expect(await readdir(folder)).toEqual(['My film.srt']);
      expect((await run()).stdout).toContain('1 already done, 1 failed');
      expect(sent).toBe(1);
      const followed = await steno(['transcribe', `${address}/latest`, '--formats', 'txt'], {
        cwd: folder,
      });
      expect(followed).toMatchObject({ exitCode: 0 });
      expect(await readdir(folder)).toEqual(['My film.srt', 'latest.txt']);
      expect(await readdir(join(home, 'data/downloads'))).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('says before it starts where it cannot write', async () => {
    const folder = await makeFolder('unwritable', { 'film.mp4': 'film.mp4' });
    const out = join(folder, 'film.mp4', 'out');
    const refused = await steno(['transcribe', join(folder, 'film.mp4'), '--out', out]);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stdout).toContain('OUTPUT_UNWRITABLE: ');
  });

  it('refuses wrong options before anything starts, with exit code 2', async () => {
    const wrong = [
      ['--tier', 'fp16'],
      ['--model', 'nobody'],
      ['--language', 'de'],
      ['--formats', 'doc'],
      ['--channels', 'left'],
      ['--lanes', '0'],
    ];
    const results = await Promise.all(
      wrong.map((options) => steno(['transcribe', examplePath('film.mp4'), ...options])),
    );
    expect(results.map(({ exitCode }) => exitCode)).toEqual(wrong.map(() => 2));
    expect(results.map(({ stderr }) => /^[A-Z_]+(?=: )/.exec(stderr)?.[0])).toEqual([
      'MODEL_UNKNOWN_TIER',
      'MODEL_UNKNOWN',
      'LANGUAGE_UNSUPPORTED',
      'OPTION_INVALID',
      'OPTION_INVALID',
      'OPTION_INVALID',
    ]);
  });
});

describe('steno transcribe, as it is typed', () => {
  it('takes a variety of a language that the model knows', async () => {
    const folder = await makeFolder('language', { 'film.mp4': 'film.mp4' });
    const { exitCode } = await steno(['transcribe', folder, '--language', 'en-US']);
    expect(exitCode).toBe(0);
    expect((await readTranscript(join(folder, 'film.json'))).language).toBe('en');
  });

  it('says how to name a recording that looks like an option', async () => {
    const folder = await makeFolder('dash', { '-x.mp4': 'film.mp4' });
    const run = (...inputs: string[]) =>
      steno(['transcribe', '--formats', 'srt', ...inputs], { cwd: folder });
    expect(await run('-x.mp4')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/^OPTION_INVALID: .* \.\/-x\.mp4, or after --\n$/) as string,
    });
    expect(await run('--', '-x.mp4')).toMatchObject({ exitCode: 0 });
    expect(await run('./-x.mp4')).toMatchObject({ exitCode: 0 });
  });

  it('says once that ffmpeg is missing, before it loads a model', async () => {
    const folder = await makeFolder('no-ffmpeg', { 'a.mp4': 'film.mp4', 'b.mp4': 'film.mp4' });
    const options = { env: { PATH: '/nowhere' } };
    const { exitCode, stdout, stderr } = await steno(['transcribe', folder], options);
    expect(exitCode).toBe(1);
    expect((stdout + stderr).match(/FFMPEG_MISSING/g)).toHaveLength(1);
    expect(stderr).toMatch(/\nFFMPEG_MISSING: ffmpeg and ffprobe: not found\. Install ffmpeg/);
    expect(await readdir(folder)).toEqual(['a.mp4', 'b.mp4']);
  });
});

describe('steno transcribe, interrupted', () => {
  it('stops within 2 s on Ctrl-C, with no half-written file and no process left', async () => {
    const folder = await makeFolder('interrupted', {});
    loopExample(join(folder, 'long.mp3'), 40);
    const run = startSteno(['transcribe', folder, '--json'], { home });
    await waitForEvent(run, 'progress');
    const children = listDescendants(run.pid ?? 0);
    expect(children.length).toBeGreaterThan(0);
    const askedMs = performance.now();
    run.kill('SIGINT');
    const [exitCode] = (await once(run, 'exit')) as [number | null];
    expect(exitCode).toBe(130);
    expect(performance.now() - askedMs).toBeLessThan(2_000);
    expect(await readdir(folder)).toEqual(['long.mp3']);
    await expect.poll(() => children.filter(isAlive), { timeout: 2_000 }).toEqual([]);
  });

  it('finishes after kill -9 what was not finished, and nothing twice', async () => {
    const folder = await makeFolder('killed', { 'a.mp4': 'film.mp4' });
    loopExample(join(folder, 'b.mp3'), 24);
    const run = startSteno(['transcribe', folder, '--json', '--lanes', '1'], { home });
    await waitForEvent(run, 'done');
    const children = listDescendants(run.pid ?? 0);
    run.kill('SIGKILL');
    await once(run, 'exit');
    expect(existsSync(join(folder, 'b.srt'))).toBe(false);
    await expect.poll(() => children.filter(isAlive), { timeout: 5_000 }).toEqual([]);

    const rerun = await steno(['transcribe', folder]);
    expect(rerun).toMatchObject({ exitCode: 0 });
    expect(rerun.stdout).toContain('1 already done');
    expect(await readdir(folder)).toEqual(
      ['a.json', 'a.mp4', 'a.srt', 'a.txt', 'a.vtt', 'b.json', 'b.mp3', 'b.srt', 'b.txt', 'b.vtt'], //
    );
  });
});

describe('steno models and steno doctor', () => {
  it.skipIf(!existsSync(sharedModel))(
    'imports a model from a folder, lists, checks, uses and removes it (needs ../shared/data)',
    async () => {
      const imported = await steno(['models', 'import', sharedModel, '--languages', 'en']);
      expect(imported).toMatchObject({ exitCode: 0, stderr: '' });
      const { stdout } = await steno(['models', 'list']);
      expect(stdout).toMatch(/nemo-tdt-small-en +int8 .*installed/);
      expect(await steno(['models', 'verify'])).toMatchObject({ exitCode: 0 });
      const folder = await makeFolder('imported', { 'film.mp4': 'film.mp4' });
      const model = ['--model', 'nemo-tdt-small-en', '--language', 'en'];
      const used = await steno(['transcribe', join(folder, 'film.mp4'), ...model]);
      expect(used).toMatchObject({ exitCode: 0 });
      const { flags, provenance } = await readTranscript(join(folder, 'film.json'));
      expect(flags).toEqual([]);
      expect(provenance.model).toMatchObject({ id: 'nemo-tdt-small-en', demo: false });

      const demo = await steno(['transcribe', join(folder, 'film.mp4')]);
      expect(demo).toMatchObject({ exitCode: 1 });
      expect(demo.stdout).toMatch(
        /OUTPUT_EXISTS: .*film\.json exist, made with nemo-tdt-small-en int8, .*--model nemo-tdt-small-en/,
      );
      expect((await readTranscript(join(folder, 'film.json'))).provenance).toEqual(provenance);
      const forced = await steno(['transcribe', join(folder, 'film.mp4'), '--force']);
      expect(forced).toMatchObject({ exitCode: 0 });
      expect(forced.stdout).toContain('replaces the transcript made with nemo-tdt-small-en int8');
      const back = await steno(['transcribe', join(folder, 'film.mp4'), ...model]);
      expect(back.stdout).toContain('replaces the transcript made with demo-en int8');

      const removed = await steno(['models', 'remove', 'nemo-tdt-small-en']);
      expect(removed).toMatchObject({ exitCode: 0 });
    },
  );

  it('shows a model, and says which ones there are if there is no such model', async () => {
    const info = await steno(['models', 'info', 'demo-en']);
    expect(info.stdout).toMatch(/encoder-model\.int8\.onnx .*[0-9a-f]{64}/);
    expect(await steno(['models', 'info', 'nobody'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('MODEL_UNKNOWN: ') as string,
    });
  });

  it('finds this machine fit', async () => {
    const { exitCode, stdout } = await steno(['doctor', '--full']);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('✗');
    expect(stdout).toMatch(/✓ inference +onnxruntime \d/);
  });

  it('says what to do where ffmpeg is missing', async () => {
    const { exitCode, stdout } = await steno(['doctor'], { env: { PATH: '/nowhere' } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/✗ ffmpeg +not found\n +→ Install ffmpeg/);
  });
});

const steno = (commandArguments: readonly string[], options: Partial<StenoOptions> = {}) =>
  runSteno(commandArguments, { home, ...options });

async function makeFolder(name: string, examples: Record<string, Example>): Promise<string> {
  const folder = join(home, name);
  await mkdir(folder);
  for (const [path, source] of Object.entries(examples)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await copyFile(examplePath(source), join(folder, path));
  }
  return folder;
}

function ffmpeg(...ffmpegArguments: string[]): void {
  execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', ...ffmpegArguments]);
}

function loopExample(path: string, times: number): void {
  ffmpeg('-stream_loop', String(times - 1), '-i', examplePath('podcast.mp3'), '-c', 'copy', path);
}

function parseEvents(stdout: string): Record<string, unknown>[] {
  const lines = stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function waitForEvent(run: ReturnType<typeof startSteno>, name: string): Promise<void> {
  for await (const line of createInterface({ input: run.stdout })) {
    if ((JSON.parse(line) as { event: string }).event === name) return;
  }
  throw new Error(`steno ended before "${name}".`);
}

function listDescendants(pid: NonNullable<ChildProcess['pid']>): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const processes = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const children = processes.flatMap(([id, parent]) =>
    parent === pid && id !== undefined ? [id] : [],
  );
  return children.flatMap((child) => [child, ...listDescendants(child)]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
