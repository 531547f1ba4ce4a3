import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLedger } from './ledger.js';

/** As the first version wrote it. */
const entry = {
  ...{ version: 1 as const, base: '/elsewhere/talk', source: { id: 'x', bytes: 1 } },
  ...{ options: '', outputs: {}, earlier: {}, versions: {}, writtenAt: '2026-01-01T00:00:00Z' },
};

it('gives back what was written, with and without what later versions have added', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'steno-ledger-'));
  try {
    const ledger = createLedger(folder);
    await ledger.write(entry);
    expect(await ledger.read(entry.base)).toEqual(entry);
    const flags = [{ code: 'AUDIO_DAMAGED', message: 'Damaged.', start: 1.5 }];
    await ledger.write({ ...entry, flags, earlierOptions: { '/elsewhere/talk.srt': 'x' } });
    expect(await ledger.read(entry.base)).toMatchObject({ flags });
    expect(await ledger.read('/elsewhere/other')).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('says of itself that it cannot be written, for the outputs may lie on another disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'steno-ledger-'));
  try {
    await writeFile(join(folder, 'ledger'), 'in the way');
    const ledger = createLedger(join(folder, 'ledger'));
    await expect(ledger.write(entry)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: `${join(folder, 'ledger')} cannot be written: a file has the name of the folder.`,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
