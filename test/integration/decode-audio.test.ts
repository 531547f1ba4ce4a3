// Recordings of every kind, made here with ffmpeg: what comes out is on their clock.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE_RATE_HZ } from '@stenofleet/asr-core';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  beep,
  codeOf,
  decode,
  examples,
  ffmpegChildren,
  onsetSeconds,
  openWorkshop,
} from '../fixtures/made-audio.js';

const { folder, make, cut, damage: damageFile, remove } = openWorkshop();
afterAll(remove);
afterEach(() => expect(ffmpegChildren()).toEqual([]));

/** A picture that begins at zero, while the sound that follows begins 0.5 s later. */
const lateSound = [
  ...['-f', 'lavfi', '-i', 'color=size=64x64:rate=25:duration=4', '-itsoffset', '0.5'],
  ...beep(3, 2),
  ...['-bf', '0'],
];

describe('the clock', () => {
  it.each([
    ['late.mp4', ['-c:v', 'mpeg4', '-c:a', 'aac']],
    ['late.mkv', ['-c:v', 'mpeg4', '-c:a', 'aac']],
    ['late.ts', ['-c:v', 'mpeg2video', '-c:a', 'aac']],
    ['late-far.ts', ['-c:v', 'mpeg2video', '-c:a', 'mp2', '-output_ts_offset', '40000']],
    ['late.webm', ['-c:v', 'libvpx', '-c:a', 'libopus']],
    ['late.mov', ['-c:v', 'mpeg4', '-c:a', 'pcm_s16le']],
  ])('gives sound that begins after the picture its place: %s', async (name, codecs) => {
    const { sound } = await decode(make(name, ...lateSound, ...codecs));
    expect(Math.abs(onsetSeconds(sound) - 2.5)).toBeLessThan(0.02);
  });

  it.each([
    ['delay.mp3', ['-c:a', 'libmp3lame']],
    ['delay.m4a', ['-c:a', 'aac']],
    ['preskip.opus', ['-c:a', 'libopus']],
    ['preskip.webm', ['-c:a', 'libopus']],
    ['plain.flac', ['-c:a', 'flac']],
    ['plain.ogg', ['-c:a', 'libvorbis']],
  ])('leaves out what the encoder put in front: %s', async (name, codec) => {
    const { sound, damage } = await decode(make(name, ...beep(3, 2), ...codec));
    expect(Math.abs(onsetSeconds(sound) - 2)).toBeLessThan(0.02);
    expect(damage).toBeUndefined();
  });

  it('starts where an edit list says', async () => {
    const whole = make('whole.mp4', ...beep(8, 5), '-c:a', 'aac');
    const { sound } = await decode(make('edited.mp4', '-ss', '3', '-i', whole, '-c', 'copy'));
    expect(Math.abs(onsetSeconds(sound) - 2)).toBeLessThan(0.02);
  });

  it('fills a gap in the timestamps with silence', async () => {
    const gap = ['-af', "asetpts='PTS+if(gt(T,2),3/TB,0)'", '-c:a', 'pcm_s16le'];
    const { sound, samples, damage } = await decode(make('gap.mkv', ...beep(5, 4), ...gap));
    expect(Math.abs(onsetSeconds(sound) - 7)).toBeLessThan(0.02);
    expect(Math.abs(samples - 8 * SAMPLE_RATE_HZ)).toBeLessThan(16);
    expect(damage).toBeUndefined();
  });

  it('does not fill hours that a broken timestamp claims, and says so', async () => {
    const jump = ['-af', "asetpts='PTS+if(gt(T,2),18000/TB,0)'", '-c:a', 'pcm_s16le'];
    const { samples, damage } = await decode(make('jump.mkv', ...beep(5, 4), ...jump));
    expect(samples).toBe(5 * SAMPLE_RATE_HZ);
    expect(damage?.kind).toBe('corrupt');
  });

  it('goes on counting where channels or rate change, as where an advertisement is put in', async () => {
    const mp3 = ['-c:a', 'libmp3lame', '-write_xing', '0', '-id3v2_version', '0'];
    const parts = [
      make('mono.mp3', ...beep(4, 1), '-ar', '44100', ...mp3),
      make('stereo.mp3', ...beep(4, 2, 2), '-ar', '44100', ...mp3),
      make('fast.mp3', ...beep(4, 3), ...mp3),
    ];
    const path = join(folder, 'joined.mp3');
    writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part))));
    for (const channels of ['mix', 'separate'] as const) {
      const { sound, samples } = await decode(path, { channels });
      expect(Math.abs(samples / SAMPLE_RATE_HZ - 12)).toBeLessThan(0.3);
      expect(Math.abs(onsetSeconds(sound) - 1)).toBeLessThan(0.1);
      expect(Math.abs(onsetSeconds(sound.subarray(2 * SAMPLE_RATE_HZ)) - 4)).toBeLessThan(0.2);
      expect(Math.abs(onsetSeconds(sound.subarray(7 * SAMPLE_RATE_HZ)) - 4)).toBeLessThan(0.3);
    }
  });

  it('goes on counting where a chained Ogg begins anew', async () => {
    const parts = [make('1.ogg', ...beep(4, 1)), make('2.ogg', ...beep(4, 3))];
    const path = join(folder, 'chained.ogg');
    writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part))));
    const { sound, damage } = await decode(path);
    expect(Math.abs(onsetSeconds(sound.subarray(2 * SAMPLE_RATE_HZ)) - 5)).toBeLessThan(0.02);
    expect(damage).toBeUndefined();
  });
});

describe('channels and tracks', () => {
  it('keeps the channels apart and aligned', async () => {
    const path = make('two.m4a', ...beep(3, 1, 1.5), '-c:a', 'aac', '-b:a', '256k');
    const { channels } = await decode(path, { channels: 'separate' });
    const onsets = channels.map(onsetSeconds);
    expect(onsets).toHaveLength(2);
    expect(onsets[0]).toBeCloseTo(1, 2);
    expect(onsets[1]).toBeCloseTo(1.5, 2);
  });

  it('gives both channels of a dual mono recording sample for sample', async () => {
    const path = make('dual.wav', '-i', join(examples, 'podcast.mp3'), '-ac', '2', '-ar', '44100');
    const { channels } = await decode(path, { channels: 'separate' });
    expect(channels[0]).toEqual(channels[1]);
  });

  it('mixes all channels, placed or not', async () => {
    const stereo = await decode(make('mix2.wav', ...beep(3, 1, 2)));
    expect(onsetSeconds(stereo.sound)).toBeCloseTo(1, 2);
    const ten = await decode(make('mix10.wav', ...beep(3, ...Array<number>(10).fill(1.5))));
    expect(ten.channels).toHaveLength(1);
    expect(onsetSeconds(ten.sound)).toBeCloseTo(1.5, 2);
  });

  it('leaves 16 kHz mono PCM untouched', async () => {
    const path = make('plain.wav', '-i', join(examples, 'podcast.mp3'), '-c:a', 'pcm_f32le');
    const raw = make('plain.f32le', '-i', path, '-f', 'f32le');
    const bytes = readFileSync(raw);
    const { sound } = await decode(path);
    expect(Buffer.from(sound.buffer).equals(bytes)).toBe(true);
  });

  it('finds a track by number, by language, or by default', async () => {
    const path = make(
      'tracks.mkv',
      ...[...beep(4, 1), ...beep(4, 2), ...beep(4, 3)],
      ...['-map', '0', '-map', '1', '-map', '2', '-c:a', 'flac'],
      ...['-metadata:s:a:0', 'language=ger', '-metadata:s:a:1', 'language=eng'],
      ...['-disposition:a:0', '0', '-disposition:a:2', 'default'],
    );
    const onset = async (track?: number | string) =>
      Math.round(onsetSeconds((await decode(path, track === undefined ? {} : { track })).sound));
    expect(await onset(0)).toBe(1);
    expect(await onset('de')).toBe(1);
    expect(await onset('en')).toBe(2);
    expect(await onset('eng')).toBe(2);
    expect(await onset()).toBe(3);
    expect(await codeOf(path, { track: 'fr' })).toBe('AUDIO_TRACK_UNKNOWN');
    expect(await codeOf(path, { track: 3 })).toBe('AUDIO_TRACK_UNKNOWN');
  });

  it.each(['cover.mp3', 'cover.m4a'])('does not mind a cover picture: %s', async (name) => {
    const cover = ['-f', 'lavfi', '-i', 'color=size=64x64:duration=0.04'];
    const options = ['-map', '0', '-map', '1', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic'];
    const { sound, damage } = await decode(make(name, ...beep(3, 2), ...cover, ...options));
    expect(Math.abs(onsetSeconds(sound) - 2)).toBeLessThan(0.02);
    expect(damage).toBeUndefined();
  });
});

describe('our examples', () => {
  it.each([
    ['podcast.mp3', 55.665],
    ['call.wav', 44.696],
    ['film.mp4', 31.681],
  ])('%s is as long as its original', async (name, seconds) => {
    const { samples, damage } = await decode(join(examples, name));
    expect(Math.abs(samples / SAMPLE_RATE_HZ - seconds)).toBeLessThan(0.05);
    expect(damage).toBeUndefined();
  });
});

describe('damage', () => {
  it.each([
    ['mp3', 'podcast.mp3', ['-c', 'copy']],
    ['flac', 'podcast.mp3', []],
    ['wav', 'podcast.mp3', []],
    ['opus', 'podcast.mp3', ['-c:a', 'libopus']],
    ['mp4', 'film.mp4', ['-c', 'copy', '-movflags', '+faststart']],
    ['mkv', 'film.mp4', ['-c', 'copy']],
  ])('a %s that breaks off is read up to there and flagged', async (format, example, options) => {
    const whole = make(`whole.${format}`, '-i', join(examples, example), ...options);
    const all = await decode(whole);
    expect(all.damage).toBeUndefined();
    const part = await decode(cut(`part.${format}`, whole, 0.6));
    expect(part.damage).toMatchObject({ kind: 'truncated', atSamples: part.samples });
    expect(part.samples / all.samples).toBeGreaterThan(0.5);
    const safe = part.samples - SAMPLE_RATE_HZ;
    expect(part.sound.subarray(0, safe)).toEqual(all.sound.subarray(0, safe));
  });

  it('a recording with a hole is read to its end and flagged', async () => {
    const path = make('hole.flac', '-i', join(examples, 'podcast.mp3'));
    const bytes = readFileSync(path);
    const hole = Math.floor(bytes.length * 0.4);
    writeFileSync(path, bytes.fill(0x55, hole, hole + 2000));
    const { samples, damage } = await decode(path);
    expect(damage?.kind).toBe('corrupt');
    expect((damage?.atSamples ?? NaN) / samples).toBeGreaterThan(0.25);
    expect((damage?.atSamples ?? NaN) / samples).toBeLessThan(0.55);
    expect(samples / SAMPLE_RATE_HZ).toBeCloseTo(55.665, 1);
  });

  it.each([
    ['noise.opus', ['-c:a', 'libopus']],
    ['noise.ogg', ['-c:a', 'libvorbis']],
    ['noise.webm', ['-c:a', 'libopus']],
    ['noise.mkv', ['-c:a', 'aac']],
    ['noise.m4a', ['-c:a', 'aac']],
    ['noise.flac', []],
    ['noise.ts', ['-c:a', 'aac']],
  ])('noise in the middle is flagged there, and the clock goes on: %s', async (name, codec) => {
    const whole = make(`whole-${name}`, '-i', join(examples, 'podcast.mp3'), ...codec);
    const all = await decode(whole);
    expect(all.damage).toBeUndefined();
    const { sound, samples, damage } = await decode(damageFile(name, whole, 0.5));
    expect(damage?.kind).toBe('corrupt');
    expect(Math.abs((damage?.atSamples ?? NaN) / samples - 0.5)).toBeLessThan(0.12);
    expect(slipSeconds(sound, all.sound, 45)).toBeCloseTo(0, 1);
  });

  it.each([
    ['noise.mp3', ['-c', 'copy'], /2\.\d s of the sound that it promises are missing/],
    ['noise.aac', ['-c:a', 'aac'], /may be early/],
  ])('times are said to be early where packets are counted: %s', async (name, codec, message) => {
    const whole = make(`whole-${name}`, '-i', join(examples, 'podcast.mp3'), ...codec);
    const all = await decode(whole);
    const { sound, samples, damage } = await decode(damageFile(name, whole, 0.5));
    expect(damage?.kind).toBe('corrupt');
    expect(damage?.message).toMatch(message);
    expect(Math.abs((damage?.atSamples ?? NaN) / samples - 0.5)).toBeLessThan(0.12);
    expect(slipSeconds(sound, all.sound, 45)).toBeLessThan(-1);
  });

  it('is flagged where its place is not told: flv, avi', async () => {
    const mp3 = ['-i', join(examples, 'podcast.mp3'), '-c:a', 'libmp3lame'];
    const flv = make('whole.flv', ...mp3, '-ar', '44100');
    const avi = make('whole.avi', ...mp3);
    expect(await codeOf(flv)).toBe('fine');
    expect(await codeOf(avi)).toBe('fine');
    expect(await codeOf(damageFile('noise.flv', flv, 0.5))).toBe('damaged');
    expect(await codeOf(damageFile('noise.avi', avi, 0.5))).toBe('damaged');

    const streamed = join(folder, 'streamed.avi');
    const toPipe = ['-nostdin', '-loglevel', 'error', ...mp3, '-f', 'avi', 'pipe:1'];
    writeFileSync(streamed, execFileSync('ffmpeg', toPipe));
    expect(await codeOf(streamed)).toBe('fine');
  });

  it('an mp4 without its index is truncated beyond use', async () => {
    const whole = make('index-last.mp4', '-i', join(examples, 'film.mp4'), '-c', 'copy');
    expect(await codeOf(cut('no-index.mp4', whole, 0.9))).toBe('AUDIO_TRUNCATED');
  });

  it('a wav that was written as a stream is not flagged', async () => {
    const path = join(folder, 'stream.wav');
    const wav = ['-i', join(examples, 'call.wav'), '-t', '7.3', '-f', 'wav', 'pipe:1'];
    writeFileSync(path, execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', ...wav]));
    expect(await codeOf(path)).toBe('fine');
  });
});

/** How much later than in `whole` the three seconds of sound from `at` on come in `part`. */
function slipSeconds(part: Float32Array, whole: Float32Array, at: number): number {
  const wanted = loudness(whole.subarray(at * SAMPLE_RATE_HZ, (at + 3) * SAMPLE_RATE_HZ));
  const found = loudness(part);
  let best = { error: Infinity, slip: NaN };
  for (let from = 0; from + wanted.length <= found.length; from++) {
    const error = wanted.reduce((sum, value, i) => sum + (value - (found[from + i] ?? 0)) ** 2, 0);
    if (error < best.error) best = { error, slip: from / 100 - at };
  }
  return best.slip;
}

/** Mean amplitude of each 10 ms. */
function loudness(samples: Float32Array): number[] {
  const step = SAMPLE_RATE_HZ / 100;
  return Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    const piece = samples.subarray(i * step, (i + 1) * step);
    return piece.reduce((sum, x) => sum + Math.abs(x), 0) / step;
  });
}
