// Plain WAV needs no ffmpeg: what comes out, and what is said of it, is what ffmpeg gives and says.

import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import {
  AsrError,
  createAudioDecoder,
  type AudioDecoder,
  type OpenAudioOptions,
} from '@stenofleet/asr-core';
import { afterAll, describe, expect, it } from 'vitest';
import { codeOf, data, openWorkshop } from '../fixtures/made-audio.js';

const { folder, make, cut, remove } = openWorkshop();
afterAll(remove);

const none = join(folder, 'no-such-program');
const withoutFfmpeg = createAudioDecoder({ ffmpegPath: none, ffprobePath: none });
const withFfmpeg = createAudioDecoder();

const noise = (seed: number) => ['-f', 'lavfi', '-i', `anoisesrc=r=16000:a=1:d=3:seed=${seed}`];
const stereo = [...noise(1), ...noise(2), '-filter_complex', 'amerge,volume=1.4'];
/** An odd number of samples. */
const odd = ['-af', 'atrim=end_sample=40005'];
const plain = make('plain.wav', ...noise(3), ...odd);

describe('plain WAV', () => {
  const codecs = ['pcm_u8', 'pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le'];

  it.each(codecs)('is read like ffmpeg does: %s', async (codec) => {
    await expectSame(make(`mono-${codec}.wav`, ...noise(1), ...odd, '-c:a', codec));
    await expectSame(make(`stereo-${codec}.wav`, ...stereo, '-c:a', codec));
  });

  it.each([
    ['a comment of odd length', chunk('LIST', 'INFOICMT\x03\0\0\0ab\0\0')],
    ['a broken comment', chunk('LIST', 'INFOICMT\xff\xff\xff\x7fab\0\0')],
    ['room left free', chunk('FLLR', '\0'.repeat(4008))],
    ['a wrong number of samples', chunk('fact', '\x07\0\0\0')],
  ])('is read like ffmpeg does with %s in its header', async (name, extra) => {
    const path = join(folder, `${name}.wav`);
    const bytes = readFileSync(plain);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 36), extra, bytes.subarray(36)]));
    await expectSame(path);
  });

  it('is read like ffmpeg does where the header tells a wrong byte rate', async () => {
    const path = join(folder, 'wrong-byte-rate.wav');
    const bytes = readFileSync(plain);
    bytes.writeUInt32LE(7, 28);
    writeFileSync(path, bytes);
    await expectSame(path);
  });

  it.skipIf(!existsSync(data))('is read like ffmpeg does in ../shared/data', async () => {
    const recordings = ['en', 'formats', 'multi', 'noisy']
      .flatMap((name) => readdirSync(join(data, name)).map((file) => join(data, name, file)))
      .filter((path) => path.endsWith('.wav'));
    const answers = await Promise.all(
      recordings.map((path) => withoutFfmpeg.probeAudio(path).catch((error: unknown) => error)),
    );
    const plainOnes = recordings.filter((_, i) => !(answers[i] instanceof AsrError));
    expect(plainOnes.length).toBeGreaterThan(20);
    for (const path of plainOnes) await expectSame(path);
  });

  it('keeps to the limits', async () => {
    expect(await codeOf(plain, { limits: { maxBytes: 1000 } })).toBe('AUDIO_TOO_LARGE');
    expect(await codeOf(plain, { limits: { maxDurationSeconds: 2 } })).toBe('AUDIO_TOO_LONG');
    expect(await codeOf(plain, { track: 1 })).toBe('AUDIO_TRACK_UNKNOWN');
    expect(await codeOf(plain, { signal: AbortSignal.abort() })).toBe('CANCELLED');
    const long = make('long.wav', '-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '3000');
    const limits = { patienceMs: 0, patienceMsPerSecond: 0 };
    expect(await codeOf(long, { limits })).toBe('AUDIO_DECODE_TIMEOUT');
  });

  it('stops between blocks when it is cancelled or closed', async () => {
    const cancelling = new AbortController();
    const options = { blockSamples: 512, signal: cancelling.signal };
    const cancelled = (await withoutFfmpeg.openAudio(plain, options)).blocks();
    await cancelled.next();
    cancelling.abort();
    await expect(cancelled.next()).rejects.toMatchObject({ code: 'CANCELLED' });

    const audio = await withoutFfmpeg.openAudio(plain, { blockSamples: 40_000 });
    const closed = audio.blocks();
    await closed.next();
    await audio.close();
    await expect(closed.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('is flagged when it becomes shorter while it is read', async () => {
    const path = join(folder, 'shrinking.wav');
    copyFileSync(plain, path);
    const audio = await withoutFfmpeg.openAudio(path);
    truncateSync(path, 20_078);
    for await (const block of audio.blocks()) expect(block[0]).toHaveLength(10_000);
    expect(audio.outcome().damage).toMatchObject({ kind: 'truncated', atSamples: 10_000 });
  });
});

describe('WAV that is not plain', () => {
  it.each([
    ['of another rate', make('8k.wav', ...noise(1), '-ar', '8000'), 'fine'],
    ['of three channels', make('3.wav', ...noise(1), '-ac', '3'), 'fine'],
    ['of another codec', make('alaw.wav', ...noise(1), '-c:a', 'pcm_alaw'), 'fine'],
    ['with a long header', make('rf64.wav', ...noise(1), '-rf64', 'always'), 'fine'],
    ['of open length', withDataSize('open.wav', 0xffff_ffff), 'fine'],
    ['without a length', withDataSize('zero.wav', 0), 'fine'],
    ['that breaks off', cut('cut.wav', plain, 0.5), 'damaged'],
    ['that ends in its header', cut('header.wav', plain, 78 / 80_088), 'AUDIO_TRUNCATED'],
  ])('%s is left to ffmpeg', async (_, path, code) => {
    await expect(withoutFfmpeg.openAudio(path)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
    expect(await codeOf(path)).toBe(code);
  });
});

/** The file is read without ffmpeg as with it; an unknown chunk at its end sends it there. */
async function expectSame(path: string): Promise<void> {
  const unusual = join(folder, `unusual-${basename(path)}`);
  copyFileSync(path, unusual);
  const pad = readFileSync(path).byteLength % 2 === 0 ? '' : '\0';
  appendFileSync(unusual, Buffer.concat([Buffer.from(pad), chunk('none', '1234')]));
  await expect(withoutFfmpeg.probeAudio(unusual)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  for (const channels of ['mix', 'separate'] as const) {
    const options = { channels, blockSamples: 17_001 };
    const { bytes, ...read } = await readAll(withoutFfmpeg, path, options);
    const { bytes: moreBytes, ...expected } = await readAll(withFfmpeg, unusual, options);
    expect(read).toEqual(expected);
    expect(moreBytes).toBe(bytes + pad.length + 12);
  }
}

async function readAll(decoder: AudioDecoder, path: string, options: OpenAudioOptions) {
  const audio = await decoder.openAudio(path, options);
  const blocks: string[] = [];
  for await (const block of audio.blocks()) {
    const hash = createHash('sha256');
    for (const samples of block) hash.update(samples);
    blocks.push(`${block.length} × ${block[0]?.length}: ${hash.digest('hex')}`);
  }
  const { bytes, ...info } = audio.info;
  return { bytes, info, track: audio.track, blocks, outcome: audio.outcome() };
}

function chunk(tag: string, content: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  const pad = content.length % 2 === 0 ? '' : '\0';
  return Buffer.concat([Buffer.from(tag), size, Buffer.from(content + pad, 'latin1')]);
}

/** The plain file with another size in the header of its samples. */
function withDataSize(name: string, size: number): string {
  const path = join(folder, name);
  const bytes = readFileSync(plain);
  bytes.writeUInt32LE(size, bytes.indexOf('data') + 4);
  writeFileSync(path, bytes);
  return path;
}
