import { describe, expect, it } from 'vitest';
import { type ReportRow, toCell, writeCsvReport } from './write-report.js';

describe('the report as CSV', () => {
  it.each([
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\tx', `"'\tx"`],
    ['a,b', '"a,b"'],
    ['line\nbreak', '"line\nbreak"'],
    ['plain', 'plain'],
  ])('writes %j so that no spreadsheet computes it', (text, cell) => {
    expect(toCell(text)).toBe(cell);
  });

  it('has a header and one line for each row', async () => {
    const rows: ReportRow[] = [
      {
        item: 1,
        source: 's3://a/b.mp3',
        status: 'done',
        outputs: ['s3://o/b.json', 's3://o/b.srt'],
      },
    ];
    let text = '';
    for await (const part of writeCsvReport(toAsync(rows))) text += part;
    expect(text.split('\r\n')).toEqual([
      '\ufeffitem,source,status,job,code,message,audioSeconds,words,computeSeconds,outputs',
      '1,s3://a/b.mp3,done,,,,,,,s3://o/b.json s3://o/b.srt',
      '',
    ]);
  });
});

// eslint-disable-next-line @typescript-eslint/require-await -- rows come from Redis otherwise
async function* toAsync<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
