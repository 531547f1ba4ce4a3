import { describe, expect, it } from 'vitest';
import { formatResult, formatRunStart, formatSummary } from './result-lines.js';
import { createStyle } from './style.js';

const style = createStyle(false);
const format = { style, cwd: '/here' };
const ticket = { index: 0, shown: 'talk.mp3' };

describe('formatResult', () => {
  it('says how long, how fast, how many words and where', () => {
    const [line, quality] = formatResult(
      ticket,
      {
        status: 'done',
        outputs: ['/here/talk.srt', '/here/talk.json'],
        durationSeconds: 120,
        processingSeconds: 10,
        words: 300,
        quality: 'words in 98 % of the speech',
        flags: [{ code: 'DEMO_MODEL', message: 'demo' }],
      },
      format,
    );
    expect(line?.replace(/ {2,}/g, '  ')).toBe(
      '✓ talk.mp3  2:00  12×  300 words  → talk.{srt,json}',
    );
    expect(quality).toBe('    words in 98 % of the speech');
  });

  it('says what it replaces', () => {
    const outcome = {
      ...{ status: 'done' as const, outputs: ['/here/talk.srt'], durationSeconds: 1 },
      ...{ processingSeconds: 1, words: 0, flags: [], replaces: 'good int8' },
      quality: undefined,
    };
    expect(formatResult(ticket, outcome, format)[0]).toMatch(
      /→ talk\.srt, replaces the transcript made with good int8$/,
    );
  });

  it('remembers the remarks on what is already done', () => {
    const skipped = { status: 'skipped' as const, outputs: ['/here/talk.srt'] };
    const flags = [
      { code: 'DEMO_MODEL', message: 'demo' },
      { code: 'AUDIO_TRUNCATED', message: 'It breaks off.', start: 61 },
    ];
    expect(formatResult(ticket, { ...skipped, flags }, format)).toEqual([
      expect.stringMatching(/^! talk\.mp3 +already done → talk\.srt$/),
      '    AUDIO_TRUNCATED at 1:01: It breaks off.',
    ]);
    expect(formatResult(ticket, { ...skipped, flags: [] }, format)).toEqual([
      expect.stringMatching(/^– talk\.mp3 +already done/),
    ]);
  });

  it('shows remarks, the first few of them', () => {
    const flags = Array.from({ length: 5 }, (_, at) => ({
      code: 'SPEECH_WITHOUT_WORDS',
      message: 'no words',
      start: at * 60,
    }));
    const outcome = {
      status: 'done' as const,
      outputs: ['/here/talk.srt'],
      durationSeconds: 1,
      processingSeconds: 1,
      words: 0,
      quality: undefined,
      flags,
    };
    const lines = formatResult(ticket, outcome, format);
    expect(lines[0]).toMatch(/^! talk.mp3/);
    expect(lines.slice(1)).toEqual([
      '    SPEECH_WITHOUT_WORDS at 0:00: no words',
      '    SPEECH_WITHOUT_WORDS at 1:00: no words',
      '    SPEECH_WITHOUT_WORDS at 2:00: no words',
      '    and 2 more, all of them in the JSON',
    ]);
  });
});

describe('formatSummary', () => {
  it('lists failures with code and sentence', () => {
    const error = { code: 'AUDIO_EMPTY', message: 'The recording is empty.', retryable: false };
    const lines = formatSummary(
      {
        count: 4,
        done: 2,
        skipped: 1,
        cancelled: 0,
        failures: [{ shown: 'bad.mp3', error }],
        audioSeconds: 240,
        elapsedSeconds: 20,
        modelId: 'demo-en',
        isDemo: true,
      },
      style,
    );
    expect(lines).toEqual([
      '',
      '4 recordings: 2 transcribed (4:00 of audio in 0:20, 12× real time), 1 already done, 1 failed.',
      '',
      '✗ bad.mp3',
      '  AUDIO_EMPTY: The recording is empty.',
    ]);
  });
});

describe('formatSummary, at its ends', () => {
  const empty = { count: 0, done: 0, skipped: 0, cancelled: 0, failures: [] };
  const facts = { audioSeconds: 0, elapsedSeconds: 1, modelId: 'demo-en', isDemo: true };

  it('says once what is wrong with many', () => {
    const error = { code: 'FFMPEG_MISSING', message: 'Install ffmpeg.', retryable: false };
    const other = { code: 'AUDIO_EMPTY', message: 'Empty.', retryable: false };
    const failures = [
      ...Array.from({ length: 5 }, (_, at) => ({ shown: `${at}.mp3`, error })),
      { shown: 'bad.mp3', error: other },
    ];
    expect(formatSummary({ ...empty, ...facts, count: 6, failures }, style)).toEqual([
      ...['', '6 recordings: 6 failed.'],
      ...[
        '',
        '✗ 0.mp3',
        '✗ 1.mp3',
        '✗ 2.mp3',
        '✗ and 2 others',
        '  FFMPEG_MISSING: Install ffmpeg.',
      ],
      ...['', '✗ bad.mp3', '  AUDIO_EMPTY: Empty.'],
    ]);
  });

  it('has a sentence for what ended before it began', () => {
    expect(formatSummary({ ...empty, ...facts }, style)).toEqual([
      '',
      'Interrupted before the first recording.',
    ]);
  });
});

describe('formatRunStart', () => {
  it('says of the demo model what it is for, and names the way to a real one', () => {
    const run = { count: 1, laneCount: 2, modelId: 'demo-en', tier: 'int8' };
    const text = formatRunStart({ ...run, isDemo: true }, style).join('\n');
    expect(text).toContain('demo-en is for trying the system only');
    expect(text).toContain('steno models pull parakeet-tdt-0.6b-v3');
    expect(formatRunStart({ ...run, isDemo: false }, style).join('\n')).not.toContain('trying');
  });
});
