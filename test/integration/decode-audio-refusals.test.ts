// What is no recording gets a code at once, and what a recording names is not opened.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAudioDecoder } from '@stenofleet/asr-core';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  beep,
  codeOf,
  data,
  examples,
  ffmpegChildren,
  movWithExternalTrack,
  openWorkshop,
} from '../fixtures/made-audio.js';

const { folder, make, remove } = openWorkshop();
afterAll(remove);
afterEach(() => expect(ffmpegChildren()).toEqual([]));

describe('files that are no recordings', () => {
  const text = 'This is not a recording, however much it is named like one.\n'.repeat(500);

  it.each([
    ['notes.txt', text],
    ['notes.mp3', text],
    ['notes.mp4', text],
    ['page.pdf', `%PDF-1.4\n${text}`],
    ['zeros.wav', '\0'.repeat(10_000)],
    ['headerless.raw', '\x12\x34\x56\x01'.repeat(10_000)],
  ])('%s is unreadable', async (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, content, 'latin1');
    expect(await codeOf(path)).toBe('AUDIO_UNREADABLE');
  });

  it('names what is missing', async () => {
    writeFileSync(join(folder, 'empty.mp3'), '');
    expect(await codeOf(join(folder, 'empty.mp3'))).toBe('AUDIO_EMPTY');
    expect(await codeOf(join(folder, 'nothing-here.mp3'))).toBe('AUDIO_NOT_FOUND');
    expect(await codeOf(folder)).toBe('AUDIO_NOT_FOUND');
    const silentFilm = ['-f', 'lavfi', '-i', 'testsrc=duration=1', '-c:v', 'mpeg4'];
    expect(await codeOf(make('silent-film.mp4', ...silentFilm))).toBe('AUDIO_NO_STREAM');
    const picture = make('picture.jpg', '-f', 'lavfi', '-i', 'testsrc=duration=0.04');
    expect(await codeOf(picture)).toBe('AUDIO_UNREADABLE');
  });

  it('does not wait for a named pipe or read a device', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.mp3')]);
    expect(await codeOf(join(folder, 'pipe.mp3'))).toBe('AUDIO_UNREADABLE');
    expect(await codeOf('/dev/zero')).toBe('AUDIO_UNREADABLE');
  });

  it('recognizes encryption', async () => {
    const path = make(
      'locked.mp4',
      ...['-i', join(examples, 'film.mp4'), '-map', '0:a', '-c', 'copy'],
      ...['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '0123456789abcdef'.repeat(2)],
      ...['-encryption_kid', 'fedcba9876543210'.repeat(2)],
    );
    expect(await codeOf(path)).toBe('AUDIO_ENCRYPTED');
  });

  it('opens nothing that a recording names', async () => {
    let connections = 0;
    const server = createServer((_, response) => response.end());
    server.on('connection', () => connections++);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.mp3`;
    const local = join(examples, 'podcast.mp3');
    const traps = [url, local, `file:${local}`].flatMap((target) => [
      `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${target}\n#EXT-X-ENDLIST\n`,
      `ffconcat version 1.0\nfile '${target}'\n`,
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT5S">` +
        `<Period><AdaptationSet mimeType="audio/mp4"><Representation id="a" bandwidth="1">` +
        `<BaseURL>${target}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    ]);
    traps.push('v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n');
    try {
      for (const [i, trap] of traps.entries()) {
        for (const extension of ['mp3', 'm3u8', 'mpd']) {
          const path = join(folder, `trap-${i}.${extension}`);
          writeFileSync(path, trap);
          expect(await codeOf(path)).toBe('AUDIO_UNREADABLE');
        }
      }
      const wav = make('external.wav', ...beep(1, 0.5));
      const mov = join(folder, 'external.mov');
      const inside = make('inside.mov', ...beep(1, 0.5), '-c:a', 'pcm_s16le');
      writeFileSync(mov, movWithExternalTrack(readFileSync(inside), wav));
      expect(await codeOf(mov)).toBe('AUDIO_UNREADABLE');
      expect(connections).toBe(0);
    } finally {
      server.close();
    }
  });

  it.skipIf(!existsSync(data))(
    'has a code for every malformed file in ../shared/data',
    async () => {
      const bad = readdirSync(join(data, 'bad')).map((name) => join(data, 'bad', name));
      for (const path of bad) {
        const startedMs = performance.now();
        expect(await codeOf(path)).toMatch(/^AUDIO_|damaged/);
        expect(performance.now() - startedMs).toBeLessThan(5_000);
      }
      expect(await codeOf(join(data, 'formats/goforward.raw'))).toBe('AUDIO_UNREADABLE');
    },
  );

  it.skipIf(!existsSync(data))('flags no healthy file in ../shared/data', async () => {
    const folders = ['en', 'formats', 'long', 'multi', 'noisy', 'nonspeech', 'vad'];
    const files = folders
      .flatMap((name) => readdirSync(join(data, name)).map((file) => join(name, file)))
      .filter((file) => !/\.(json|raw)$/.test(file));
    expect(files.length).toBeGreaterThan(80);
    const codes: string[] = [];
    for (const file of files) {
      const audio = await createAudioDecoder().openAudio(join(data, file));
      for await (const block of audio.blocks()) expect(block[0]?.length).toBeGreaterThan(0);
      if (audio.outcome().damage !== undefined) codes.push(file);
    }
    expect(codes).toEqual([]);
  });
});
