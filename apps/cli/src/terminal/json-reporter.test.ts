import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createJsonReporter } from './json-reporter.js';

describe('createJsonReporter', () => {
  it('writes one object per event, and progress once a second', () => {
    const stdout = new PassThrough({ encoding: 'utf8' });
    let nowMs = 0;
    const reporter = createJsonReporter(stdout, () => nowMs);
    const ticket = { index: 0, shown: 'talk.mp3' };
    reporter.recordingStarted(ticket);
    reporter.recordingMeasured(ticket, 60);
    for (nowMs = 0; nowMs < 2_500; nowMs += 100) reporter.recordingProgress(ticket, nowMs / 100);
    const error = { code: 'AUDIO_EMPTY', message: 'Empty.', retryable: false };
    reporter.recordingFinished(ticket, { status: 'failed', error });
    const events = String(stdout.read())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    const recording = { index: 0, recording: 'talk.mp3' };
    expect(events).toEqual([
      { event: 'started', ...recording },
      { event: 'progress', ...recording, doneSeconds: 10, durationSeconds: 60 },
      { event: 'progress', ...recording, doneSeconds: 20, durationSeconds: 60 },
      { event: 'failed', ...recording, ...error },
    ]);
  });
});
