// Limits, cancelling and the end of a decode: nothing runs on, and nothing piles up.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAudioDecoder, SAMPLE_RATE_HZ } from '@stenofleet/asr-core';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { beep, codeOf, examples, ffmpegChildren, openWorkshop } from '../fixtures/made-audio.js';

const { folder, make, remove } = openWorkshop();
afterAll(remove);
afterEach(() => expect(ffmpegChildren()).toEqual([]));

const decoder = createAudioDecoder();
const film = join(examples, 'film.mp4');
const noise = 'anoisesrc=r=16000:a=0.001:d=4000';
const longRecording = make('long.flac', '-f', 'lavfi', '-i', noise, '-c:a', 'flac');

describe('limits and ends', () => {
  it('refuses what is too large or too long', async () => {
    expect(await codeOf(film, { limits: { maxBytes: 1000 } })).toBe('AUDIO_TOO_LARGE');
    expect(await codeOf(film, { limits: { maxDurationSeconds: 31 } })).toBe('AUDIO_TOO_LONG');
    const noLength = make('no-length.aac', ...beep(30, 1), '-c:a', 'aac');
    const limits = { maxDurationSeconds: 20 };
    expect(await codeOf(noLength, { limits })).toBe('AUDIO_TOO_LONG');
  });

  it('kills ffmpeg when the wait is too long', async () => {
    const limits = { patienceMs: 1, patienceMsPerSecond: 0 };
    expect(await codeOf(longRecording, { limits })).toBe('AUDIO_DECODE_TIMEOUT');
  });

  it('kills ffmpeg when the consumer leaves', async () => {
    const audio = await decoder.openAudio(longRecording);
    for await (const block of audio.blocks()) {
      expect(block[0]).toHaveLength(163_840);
      expect(ffmpegChildren()).toHaveLength(1);
      break;
    }
    expect(ffmpegChildren()).toEqual([]);
    expect(() => audio.outcome()).toThrow();
    await audio.close();
  });

  it('kills ffmpeg when it is closed from elsewhere', async () => {
    const audio = await decoder.openAudio(longRecording);
    const blocks = audio.blocks();
    await blocks.next();
    await audio.close();
    expect(ffmpegChildren()).toEqual([]);
    await expect(drain(blocks)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('stops when it is cancelled: before, while probing, between blocks', async () => {
    expect(await codeOf(longRecording, { signal: AbortSignal.abort() })).toBe('CANCELLED');
    const probing = new AbortController();
    const opened = codeOf(longRecording, { signal: probing.signal });
    probing.abort();
    expect(await opened).toBe('CANCELLED');

    const decoding = new AbortController();
    const audio = await decoder.openAudio(longRecording, { signal: decoding.signal });
    const blocks = audio.blocks();
    await blocks.next();
    decoding.abort();
    await expect(drain(blocks)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('does not blame the recording when somebody else kills ffmpeg', async () => {
    const audio = await decoder.openAudio(longRecording);
    const blocks = audio.blocks();
    await blocks.next();
    for (const pid of ffmpegChildren()) process.kill(pid, 'SIGKILL');
    await expect(drain(blocks)).rejects.toMatchObject({ retryable: true });
  });

  it('holds ffmpeg back: memory does not grow with the recording', async () => {
    const before = process.memoryUsage().rss;
    const audio = await decoder.openAudio(longRecording);
    let peak = 0;
    for await (const block of audio.blocks()) {
      peak = Math.max(peak, process.memoryUsage().rss - before);
      expect(block).toHaveLength(1);
    }
    expect(audio.outcome().samples).toBe(4000 * SAMPLE_RATE_HZ);
    // The samples alone are 256 MB.
    expect(peak).toBeLessThan(100 * 1024 ** 2);
  });

  it('leaves nothing to wait for when ffmpeg ends before the consumer', async () => {
    const script = fileURLToPath(new URL('../fixtures/slow-consumer.js', import.meta.url));
    const run = spawn(process.execPath, [script, film], { stdio: 'inherit' });
    const overdue = setTimeout(() => run.kill('SIGKILL'), 15_000);
    expect(await once(run, 'exit')).toEqual([0, null]);
    clearTimeout(overdue);
  });

  it('says when ffmpeg is missing', async () => {
    const ffmpegPath = join(folder, 'no-such-ffmpeg');
    const without = createAudioDecoder({ ffmpegPath });
    await expect(without.openAudio(film)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
    const ffprobePath = join(folder, 'no-such-ffprobe');
    const withoutProbe = createAudioDecoder({ ffprobePath });
    await expect(withoutProbe.probeAudio(film)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });
});

async function drain(blocks: AsyncIterable<unknown>): Promise<void> {
  for await (const block of blocks) expect(block).toBeDefined();
}
