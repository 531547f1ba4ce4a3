// The one place that knows ffmpeg, fluent-ffmpeg and the file system under audio/: processes and
// bytes, no judgement. fluent-ffmpeg (archived) only writes the command line. Its own runner is not
// used: a spawn that fails throws out of its event handler where nobody can catch it, and it leaves
// stdin open.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import createCommand from 'fluent-ffmpeg';
import { createPatience, type Patience } from './patience.js';

const MAX_PROBE_BYTES = 8 * 1024 * 1024;
const MAX_LINE_CHARS = 2_000;
/** Otherwise every packet is written as it comes: ten times as many reads. */
const LARGE_PIECES = ['-flush_packets', '0'];

/** What the file system says about a path. */
export type FileFacts =
  { kind: 'file'; bytes: number } | { kind: 'missing' } | { kind: 'folder' } | { kind: 'other' };

/** How a process ended; what we did to it comes before what it said. */
export type ProcessEnd =
  | { kind: 'exited'; exitCode: number }
  | { kind: 'killed'; signal: string }
  | { kind: 'cancelled' | 'timed-out' }
  | { kind: 'not-started'; missing: boolean; message: string };

export type ProcessOutput = { end: ProcessEnd; stdout: string; stderrLines: string[] };

export type RunOptions = {
  signal?: AbortSignal | undefined;
  /** How long we are willing to wait for it, in ms. */
  patienceMs: number;
  /** What it gets on its standard input, piece by piece as it takes it. @defaultValue nothing */
  input?: Iterable<Uint8Array>;
};

export type DecodeRequest = {
  demuxers: readonly string[];
  /** Stream number in the container. */
  streamIndex: number;
  /** ffmpeg filter graph that yields float samples. */
  filters: string;
  onLine: (line: string) => void;
};

export type FlacFormat = { sampleRateHz: number; bits: 16 | 24 };

export type RunningProcess = {
  /** What it writes to its standard output. It is held back while nobody reads. */
  output: AsyncIterable<Uint8Array>;
  /** Waits until `onLine` has had the messages that were written before the output so far. */
  catchUp: () => Promise<void>;
  /**
   * Only time between `resume` and `pause` counts against the patience: waiting for us is not
   * ffmpeg's fault.
   */
  patience: Patience;
  end: Promise<ProcessEnd>;
  /** Kills it if it still runs, and waits until it is gone. Idempotent. */
  close: () => Promise<void>;
};

export type Ffmpeg = ReturnType<typeof createFfmpeg>;

/** The two programs by name or path, and what this package asks of them. */
export function createFfmpeg(programs: { ffmpegPath: string; ffprobePath: string }) {
  return {
    readFileFacts,
    readFilePiece,

    /** The text of `ffmpeg -demuxers`. */
    listDemuxers: (options: RunOptions): Promise<ProcessOutput> =>
      collectOutput(programs.ffmpegPath, ['-nostdin', '-loglevel', 'error', '-demuxers'], options),

    /** ffprobe's JSON about one file: the container, its audio streams, their first packets. */
    probe: (
      path: string,
      demuxers: readonly string[],
      options: RunOptions,
    ): Promise<ProcessOutput> =>
      collectOutput(
        programs.ffprobePath,
        [
          ...['-loglevel', 'level+warning', ...openingOptions(demuxers)],
          ...['-select_streams', 'a', '-show_packets', '-read_intervals', '%+#16'],
          ...['-show_format', '-show_streams', '-print_format', 'json', fileUrl(path)],
        ],
        options,
      ),

    startDecode: (path: string, request: DecodeRequest, options: RunOptions): RunningProcess => {
      return start(programs.ffmpegPath, decodeArguments(path, request), request.onLine, options);
    },

    /** Mono samples to a FLAC file: they come in as 16-bit integers, or as float for one of 24 bits. */
    writeFlac: (
      path: string,
      format: FlacFormat,
      options: RunOptions & { input: Iterable<Uint8Array> },
    ): Promise<ProcessOutput> =>
      collectOutput(programs.ffmpegPath, writeFlacArguments(path, format), options),

    /** Samples of a FLAC file, in the form in which they went in; ends badly where any of it is damaged. */
    startReadFlac: (
      path: string,
      { bits, onLine }: Pick<FlacFormat, 'bits'> & { onLine: (line: string) => void },
      options: RunOptions,
    ): RunningProcess => start(programs.ffmpegPath, readFlacArguments(path, bits), onLine, options),
  };
}

function decodeArguments(path: string, request: DecodeRequest): string[] {
  return createCommand(fileUrl(path))
    .inputOptions(['-nostdin', '-hide_banner', '-loglevel', 'level+warning', '-threads', '1'])
    .inputOptions(openingOptions(request.demuxers))
    .audioFilters(request.filters)
    .outputOptions(['-map', `0:${request.streamIndex}`, '-filter_threads', '1', '-f', 'f32le'])
    .outputOptions(LARGE_PIECES)
    .output('pipe:1')
    ._getArguments();
}

function writeFlacArguments(path: string, { sampleRateHz, bits }: FlacFormat): string[] {
  return createCommand('pipe:0')
    .inputOptions(['-y', '-hide_banner', '-loglevel', 'level+error', '-threads', '1'])
    .inputOptions(['-protocol_whitelist', 'pipe'])
    .inputOptions(['-f', bits === 16 ? 's16le' : 'f32le', '-ar', `${sampleRateHz}`, '-ac', '1'])
    .outputOptions(['-c:a', 'flac', '-sample_fmt', bits === 16 ? 's16' : 's32', '-f', 'flac'])
    .outputOptions(['-fflags', '+bitexact', '-flags:a', '+bitexact'])
    .output(fileUrl(path))
    ._getArguments();
}

function readFlacArguments(path: string, bits: FlacFormat['bits']): string[] {
  return createCommand(fileUrl(path))
    .inputOptions(['-nostdin', '-hide_banner', '-loglevel', 'level+error', '-threads', '1'])
    .inputOptions(['-protocol_whitelist', 'file,pipe', '-f', 'flac'])
    .inputOptions(['-xerror', '-err_detect', '+crccheck+explode'])
    .outputOptions(['-map', '0:a:0', '-f', bits === 16 ? 's16le' : 'f32le'])
    .outputOptions(LARGE_PIECES)
    .output('pipe:1')
    ._getArguments();
}

/** Nothing but local files of these formats is opened, whatever a recording's content asks for. */
function openingOptions(demuxers: readonly string[]): string[] {
  return [
    ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', demuxers.join(',')],
    ...['-probesize', '32M', '-analyzeduration', '30M'],
  ];
}

/** A name such as `concat:a|b` or `-y` is a file name here, never a protocol or an option. */
function fileUrl(path: string): string {
  return `file:${resolve(path)}`;
}

async function readFileFacts(path: string): Promise<FileFacts> {
  try {
    const facts = await stat(path);
    if (facts.isFile()) return { kind: 'file', bytes: facts.size };
    return { kind: facts.isDirectory() ? 'folder' : 'other' };
  } catch {
    return { kind: 'missing' };
  }
}

/**
 * `maxBytes` of the file at `from`; nothing where it cannot be read: ffmpeg will fail on that, with
 * a code.
 */
async function readFilePiece(path: string, from: number, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path).catch(() => undefined);
  try {
    const read = await file?.read(Buffer.alloc(maxBytes), 0, maxBytes, from).catch(() => undefined);
    return read?.buffer.subarray(0, read.bytesRead) ?? new Uint8Array();
  } finally {
    await file?.close();
  }
}

async function collectOutput(
  program: string,
  programArguments: string[],
  options: RunOptions,
): Promise<ProcessOutput> {
  const stderrLines: string[] = [];
  const { output, end, patience, close } = start(
    program,
    programArguments,
    (line) => {
      if (stderrLines.length < 100) stderrLines.push(line);
    },
    options,
  );
  patience.resume();
  try {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of output) {
      bytes += piece.byteLength;
      if (bytes <= MAX_PROBE_BYTES) pieces.push(piece);
    }
    return { end: await end, stdout: Buffer.concat(pieces).toString('utf8'), stderrLines };
  } finally {
    await close();
  }
}

function start(
  program: string,
  programArguments: string[],
  onLine: (line: string) => void,
  { signal, patienceMs, input }: RunOptions,
): RunningProcess {
  const child = spawn(program, programArguments, {
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    windowsHide: true,
  }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  let reason: 'cancelled' | 'timed-out' | undefined;
  const kill = (why: 'cancelled' | 'timed-out'): void => {
    reason ??= why;
    child.kill('SIGKILL');
  };
  const cancel = (): void => kill('cancelled');
  const patience = createPatience(patienceMs, () => kill('timed-out'));

  const end = new Promise<ProcessEnd>((settle) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      const missing = error.code === 'ENOENT' || error.code === 'EACCES';
      settle({ kind: 'not-started', missing, message: error.message });
    });
    child.once('close', (exitCode, killedBy) => {
      if (reason !== undefined) settle({ kind: reason });
      else if (killedBy !== null) settle({ kind: 'killed', signal: killedBy });
      else settle({ kind: 'exited', exitCode: exitCode ?? 0 });
    });
  }).finally(() => {
    patience.end();
    signal?.removeEventListener('abort', cancel);
  });

  if (child.pid !== undefined) {
    readLines(child.stderr, onLine);
    if (child.stdin && input) feed(child.stdin, input);
  }
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });

  const close = async (): Promise<void> => {
    kill('cancelled');
    // 'close' waits for the pipe to be emptied, and nobody reads it any more.
    if (child.pid !== undefined) child.stdout.destroy();
    await end;
  };

  async function* readOutput(): AsyncGenerator<Uint8Array, void, undefined> {
    if (child.pid === undefined) return;
    try {
      yield* child.stdout as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (reason === undefined) throw error;
    }
  }
  return { output: readOutput(), catchUp, end, patience, close };
}

/** Why a process takes no more is told by its end. */
function feed(stdin: Writable, input: Iterable<Uint8Array>): void {
  pipeline(Readable.from(input, { objectMode: true, highWaterMark: 1 }), stdin).catch(
    () => undefined,
  );
}

/** One full turn of the event loop polls both pipes; the first wait ends the turn we are in. */
async function catchUp(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/**
 * Always reads, so that ffmpeg never waits for its messages to be taken; keeps no more than one
 * line.
 */
function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
    for (const line of lines) if (line !== '') onLine(line.slice(0, MAX_LINE_CHARS));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
