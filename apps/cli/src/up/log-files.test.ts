import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeLogLine, readLogEnd, rotateLog } from './log-files.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steno-logs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('logs of the parts', () => {
  it('are kept for five starts before this one', async () => {
    const path = join(folder, 'api.log');
    for (let start = 1; start <= 8; start++) {
      await rotateLog(path);
      await writeFile(path, `start ${start}`);
    }
    expect((await readdir(folder)).sort()).toEqual(
      ['api.1.log', 'api.2.log', 'api.3.log', 'api.4.log', 'api.5.log', 'api.log'].sort(),
    );
    expect(await readFile(join(folder, 'api.5.log'), 'utf8')).toBe('start 3');
  });

  it('are told as sentences, whether JSON or not', async () => {
    const path = join(folder, 'api.log');
    const line = { level: 'fatal', code: 'CONFIG_INVALID', msg: 'Wrong settings.' };
    await writeFile(path, `${JSON.stringify(line)}\nError: boom\n`);
    expect(await readLogEnd(path)).toEqual(['CONFIG_INVALID Wrong settings.', 'Error: boom']);
    expect(describeLogLine('{"level":"error","msg":"failed","err":{"message":"why"}}')).toEqual({
      level: 'error',
      text: 'failed: why',
    });
    expect(describeLogLine('plain')).toBeUndefined();
  });
});
