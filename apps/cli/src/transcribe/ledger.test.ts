import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLedger } from './ledger.js';

it('says of itself that it cannot be written, for the outputs may lie on another disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'steno-ledger-'));
  try {
    await writeFile(join(folder, 'ledger'), 'in the way');
    const ledger = createLedger(join(folder, 'ledger'));
    const entry = {
      ...{ version: 1 as const, base: '/elsewhere/talk', source: { id: 'x', bytes: 1 } },
      ...{ options: '', outputs: {}, earlier: {}, versions: {}, writtenAt: '2026-01-01T00:00:00Z' },
    };
    await expect(ledger.write(entry)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: `${join(folder, 'ledger')} cannot be written: a file has the name of the folder.`,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
