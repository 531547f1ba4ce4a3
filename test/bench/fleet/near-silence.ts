// Recordings in which nobody speaks, each with other bytes: what a job costs beside recognition.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const RATE_HZ = 16_000;
const HEADER_BYTES = 44;
/** Folders of a thousand, as an archive has them. */
const PER_FOLDER = 1_000;

/** `count` wav files of one second of noise at about −80 dB. */
export async function makeNearSilence(folder: string, count: number): Promise<void> {
  const file = Buffer.alloc(HEADER_BYTES + 2 * RATE_HZ);
  writeHeader(file);
  let seed = 1;
  for (let index = 0; index < count; index++) {
    for (let at = HEADER_BYTES; at < file.length; at += 2) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      file.writeInt16LE((seed >>> 29) - 4, at);
    }
    const below = join(folder, String(Math.floor(index / PER_FOLDER)).padStart(3, '0'));
    if (index % PER_FOLDER === 0) await mkdir(below, { recursive: true });
    await writeFile(join(below, `silence-${index}.wav`), file);
  }
}

function writeHeader(file: Buffer): void {
  file.write('RIFF', 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE_HZ, 24);
  file.writeUInt32LE(2 * RATE_HZ, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(file.length - HEADER_BYTES, 40);
}
