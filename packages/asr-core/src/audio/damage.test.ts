import { describe, expect, it } from 'vitest';
import {
  judgeDamage,
  judgeSilence,
  parseTrouble,
  type DecodeEvidence,
  type Trouble,
} from './damage.js';

const whole: DecodeEvidence = {
  samples: 160_000,
  expectedSamples: undefined,
  keepsTime: true,
  exitedWell: true,
  openingTrouble: undefined,
  firstTrouble: undefined,
  fileEndsEarly: false,
};
const trouble = (kind: Trouble['kind'], atSamples: number) => ({
  kind,
  atSamples,
  line: 'what ffmpeg said',
});

describe('parseTrouble', () => {
  it.each([
    ['[warning] file:/a.mp4: corrupt input packet in stream 1', 'packet'],
    ['[avi @ 0x55757b562900] [warning] Packet corrupt (stream = 1, dts = 840).', 'packet-ahead'],
    ['[error] Error while decoding stream #0:1: Invalid data found', 'decoding'],
    ['[aist#0:0/aac @ 0x5] [error] Error submitting packet to decoder: Invalid', 'decoding'],
    ['[matroska,webm @ 0x5] [error] File ended prematurely at pos. 4', 'file-end'],
    ['[mov,mp4,m4a,3gp,3g2,mj2 @ 0x5] [error] stream 1, offset 0x3c675: partial file', 'file-end'],
    ['[ogg @ 0x5] [error] CRC mismatch!', 'resync'],
    ['[flv @ 0x5] [error] Packet mismatch -741371199 221 235768', 'resync'],
    ['[mpegts @ 0x5] [warning] changing packet size to 204', 'resync'],
    [
      '[matroska,webm @ 0x5] [error] Element at 0x3 ending at 0x9 exceeds containing master element ending at 0x4',
      'resync',
    ],
    [
      '[matroska,webm @ 0x5] [error] Unknown-sized element at 0x3 inside parent with finite size',
      'resync',
    ],
    [
      "[matroska,webm @ 0x5] [error] Length 5 indicated by an EBML number's first byte 0x0d at pos 6558 (0x199e) exceeds max length 4.",
      'resync',
    ],
    [
      '[matroska,webm @ 0x5] [error] 0x00 at pos 6558 (0x199e) invalid as first byte of an EBML number',
      'resync',
    ],
    ['[error] file:/a.wv: Input/output error', 'file-end'],
    ['[error] file:/a.ogg: Invalid argument', 'file-end'],
    ['[in#0/wav @ 0x5] [error] Error during demuxing: Input/output error', 'file-end'],
    ['[mov @ 0x5] [warning] Skipped opening external track: stream 0, alias', 'elsewhere'],
    ['[error] 18005.013000', 'clock'],
    ['[Eval @ 0x5] [error] 18005.013000', 'clock'],
  ])('%s', (line, kind) => {
    expect(parseTrouble(line, 1)).toEqual({ kind, line });
  });

  it.each([
    '[warning] file:/a.mp4: corrupt input packet in stream 0',
    '[mpegts @ 0x5] [warning] Packet corrupt (stream = 0, dts = 1855440).',
    '[warning] 0.500000',
    '[h264 @ 0x5] [error] non-existing PPS 0 referenced',
    '[mp3 @ 0x5] [warning] Estimating duration from bitrate, this may be inaccurate',
    '[wav @ 0x5] [warning] Ignoring maximum wav data size, file may be invalid',
    '[ac3 @ 0x5] [error] frame CRC mismatch',
    '[warning] Guessed Channel Layout for Input Stream #0.0 : stereo',
    '[mp3float @ 0x5] [warning] overread, skip -6 enddists: -5 -5',
  ])('is not moved by %s', (line) => {
    expect(parseTrouble(line, 1)).toBeUndefined();
  });
});

describe('judgeDamage', () => {
  it('finds none in a quiet decode, promised length or not', () => {
    expect(judgeDamage(whole)).toBeUndefined();
    expect(judgeDamage({ ...whole, expectedSamples: 161_600 })).toBeUndefined();
    expect(judgeDamage({ ...whole, expectedSamples: 100_000 })).toBeUndefined();
  });

  it('misses what the container promises', () => {
    expect(judgeDamage({ ...whole, expectedSamples: 320_000 })).toEqual({
      kind: 'truncated',
      atSamples: 160_000,
      message: 'The recording promises 20.0 s of sound; it holds 10.0 s.',
    });
  });

  it('sees a file or a program that ends early', () => {
    const truncated = { kind: 'truncated', atSamples: 160_000 };
    expect(judgeDamage({ ...whole, fileEndsEarly: true })).toMatchObject(truncated);
    expect(judgeDamage({ ...whole, exitedWell: false })).toMatchObject(truncated);
  });

  it('tells a broken end from a hole', () => {
    const end = { ...whole, firstTrouble: trouble('decoding', 130_000) };
    expect(judgeDamage(end)).toMatchObject({ kind: 'truncated', atSamples: 160_000 });
    const hole = { ...whole, firstTrouble: trouble('decoding', 50_000) };
    expect(judgeDamage(hole)).toMatchObject({ kind: 'corrupt', atSamples: 50_000 });
    const clock = { ...whole, firstTrouble: trouble('clock', 159_000) };
    expect(judgeDamage(clock)).toMatchObject({ kind: 'corrupt', atSamples: 159_000 });
  });

  it('says how early times may be after a hole that is not counted', () => {
    const hole = { ...whole, keepsTime: false, firstTrouble: trouble('decoding', 50_000) };
    expect(judgeDamage(hole)).toEqual({
      kind: 'corrupt',
      atSamples: 50_000,
      message: 'The recording is damaged at about 3.1 s. Times after this place may be early.',
    });
    const promised = { ...hole, expectedSamples: 200_000 };
    expect(judgeDamage(promised)).toEqual({
      kind: 'corrupt',
      atSamples: 50_000,
      message:
        'The recording is damaged at about 3.1 s. 2.5 s of the sound that it promises are missing: ' +
        'times after this place may be early by up to that much.',
    });
    expect(judgeDamage({ ...promised, keepsTime: true })?.kind).toBe('truncated');
    expect(judgeDamage({ ...promised, fileEndsEarly: true })?.kind).toBe('truncated');
    const end = { ...promised, firstTrouble: trouble('decoding', 150_000) };
    expect(judgeDamage(end)?.kind).toBe('truncated');
  });

  it('knows that sound goes on after a resync, however near the end', () => {
    const resync = { ...whole, firstTrouble: trouble('resync', 150_000) };
    expect(judgeDamage(resync)).toMatchObject({ kind: 'corrupt', atSamples: 150_000 });
    expect(judgeDamage({ ...resync, fileEndsEarly: true })?.kind).toBe('truncated');
  });

  it('does not know where trouble lies that was seen on opening', () => {
    const opening = { ...whole, openingTrouble: { kind: 'resync', line: 'CRC' } as const };
    expect(judgeDamage(opening)).toMatchObject({ kind: 'corrupt', atSamples: 0 });
    const later = { ...opening, firstTrouble: trouble('resync', 50_000) };
    expect(judgeDamage(later)).toMatchObject({ kind: 'corrupt', atSamples: 50_000 });
  });

  it('does not know where sound is missing that an AVI promises', () => {
    const avi = { ...whole, keepsTime: false, expectedSamples: 320_000 };
    expect(judgeDamage(avi)?.message).toMatch(/holds 10.0 s. If the rest is missing in the middle/);
  });

  it('overlooks a broken last frame too short to hold a word', () => {
    const frame = { ...whole, firstTrouble: trouble('decoding', 159_000) };
    expect(judgeDamage({ ...frame, expectedSamples: 160_400 })).toBeUndefined();
    expect(judgeDamage({ ...frame, expectedSamples: 163_000 })).toBeDefined();
  });
});

describe('judgeSilence', () => {
  const nothing = { ...whole, samples: 0 };

  it.each([
    [nothing, 'AUDIO_EMPTY'],
    [{ ...nothing, expectedSamples: 160_000 }, 'AUDIO_TRUNCATED'],
    [{ ...nothing, fileEndsEarly: true }, 'AUDIO_TRUNCATED'],
    [{ ...nothing, firstTrouble: trouble('packet', 0) }, 'AUDIO_TRUNCATED'],
    [{ ...nothing, firstTrouble: trouble('decoding', 0) }, 'AUDIO_UNREADABLE'],
    [{ ...nothing, exitedWell: false }, 'AUDIO_UNREADABLE'],
    [
      { ...nothing, expectedSamples: 160_000, firstTrouble: trouble('elsewhere', 0) },
      'AUDIO_UNREADABLE',
    ],
  ])('%j is %s', (evidence, code) => {
    expect(judgeSilence(evidence).code).toBe(code);
  });
});
