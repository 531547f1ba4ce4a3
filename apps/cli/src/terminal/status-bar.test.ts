import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { openStatusBar } from './status-bar.js';

it('lets a terminal wrap what is printed for good', () => {
  let written = '';
  const stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString();
        done();
      },
    }),
    { isTTY: true, columns: 20, rows: 5 },
  ) as unknown as NodeJS.WriteStream;
  const bar = openStatusBar(stream, () => 'working');
  bar.print('a line that is wider than the terminal');
  bar.close();
  const before = written.slice(0, written.indexOf('a line that is wider'));
  expect(before.lastIndexOf('\u001b[?7h')).toBeGreaterThan(before.lastIndexOf('\u001b[?7l'));
});
