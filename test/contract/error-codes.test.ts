import { readFileSync } from 'node:fs';
import { asrErrors } from '@stenofleet/asr-core';
import { modelStoreErrors } from '@stenofleet/model-store';
import { fleetErrors } from '@stenofleet/shared/errors';
import { outputFormats } from '@stenofleet/shared/job';
import { transcriptFlagCodes, transcriptFormats } from '@stenofleet/transcript';
import { describe, expect, it } from 'vitest';
import { cliErrors } from '../../apps/cli/dist/cli-error.js';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const [errorTables = '', flagTable = ''] = page.split('## Flags of a transcript');

/** Codes of the tables with what they say of retrying. */
const documented = new Map(
  [...errorTables.matchAll(/^\| `([A-Z_]+)` +\|[^|]*\| (yes|no) +\|/gm)].map(
    ([, code, retried]) => [code, retried === 'yes'],
  ),
);

const inCode = new Map<string, boolean>(
  [asrErrors, modelStoreErrors, fleetErrors, cliErrors].flatMap((table) =>
    Object.entries(table).map(([code, { retryable }]) => [code, retryable] as const),
  ),
);
// Codes of packages and places without a table of their own: none of them can be cured by a retry.
for (const code of ['TRANSCRIPT_UNREADABLE', 'CUE_RULES_INVALID', 'INTERNAL']) {
  inCode.set(code, false);
}

describe('the error table', () => {
  it('names each code once', () => {
    const rows = [...errorTables.matchAll(/^\| `[A-Z_]+` +\|/gm)];
    expect(rows).toHaveLength(documented.size);
    expect(documented.size).toBeGreaterThan(40);
  });

  it('is equal to the codes of the packages, and to whether they can be retried', () => {
    expect(Object.fromEntries([...documented].sort())).toEqual(
      Object.fromEntries([...inCode].sort()),
    );
  });

  it('lists every flag of a transcript', () => {
    const flags = [...flagTable.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
    expect(flags.sort()).toEqual([...transcriptFlagCodes].sort());
  });
});

describe('the formats of a job', () => {
  it('are those that the transcript package writes', () => {
    expect(outputFormats).toEqual(transcriptFormats);
  });
});
