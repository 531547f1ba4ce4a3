import { AsrError } from '@stenofleet/asr-core';
import { CodedError } from '@stenofleet/shared/errors';
import { describe, expect, it } from 'vitest';
import { judgeFailure } from './judge-failure.js';
import { type StopReason, StoppedError } from './work-registry.js';

const { signal } = new AbortController();
const tries = { made: 0, max: 20, signal };
const withCode = (code: unknown) => Object.assign(new Error('it failed'), { code });
const stopped = (reason: StopReason) => {
  const controller = new AbortController();
  controller.abort(new StoppedError(reason));
  return { ...tries, signal: controller.signal };
};

describe('a failure', () => {
  it.each([
    ['cancelled', { kind: 'cancelled' }],
    ['superseded', { kind: 'leave' }],
    ['draining', { kind: 'hand-back' }],
  ] as const)('of work that was stopped (%s) is what it was stopped for', (reason, verdict) => {
    const cause = new AsrError('CANCELLED', 'The transcription was cancelled.');
    expect(judgeFailure(cause, stopped(reason))).toEqual(verdict);
    expect(judgeFailure(new StoppedError(reason), tries)).toEqual(verdict);
  });

  it.each([
    new CodedError('STORE_UNAVAILABLE', 'away'),
    new CodedError('SOURCE_UNAVAILABLE', 'away'),
    new AsrError('INFERENCE_CRASHED', 'crashed'),
    new Error('Connection is closed.'),
  ])('that can heal is tried again, until all tries are used up: $message', (error) => {
    expect(judgeFailure(error, tries).kind).toBe('retry');
    expect(judgeFailure(error, { ...tries, made: 18 }).kind).toBe('retry');
    expect(judgeFailure(error, { ...tries, made: 19 }).kind).toBe('fail');
  });

  it.each([
    new AsrError('AUDIO_UNREADABLE', 'no recording'),
    new AsrError('LANGUAGE_UNSUPPORTED', 'not that one'),
    new CodedError('SOURCE_CHANGED', 'another by now'),
    new CodedError('OUTPUT_CONFLICT', 'taken'),
    new CodedError('CHUNK_CRASHES_MODEL', 'three times'),
  ])('that cannot heal is final: $code', (error) => {
    expect(judgeFailure(error, tries)).toMatchObject({
      kind: 'fail',
      error: { code: error.code, message: error.message },
    });
  });

  it('for lack of room is handed to another host, and is no failure', () => {
    const error = new CodedError('MODEL_NO_ROOM', 'no room');
    expect(judgeFailure(error, { ...tries, made: 19 })).toMatchObject({
      kind: 'hand-back',
      noRoom: { code: 'MODEL_NO_ROOM' },
    });
  });

  it.each([-1, -2, -3, -5, -6])(
    'of a ticket that is no longer ours (%i) changes nothing',
    (code) => {
      expect(judgeFailure(withCode(code), tries)).toEqual({ kind: 'leave' });
    },
  );

  it('without a code of ours is tried a few times, and told without its text', () => {
    const error = new TypeError('x is not a function');
    expect(judgeFailure(error, tries).kind).toBe('retry');
    const last = judgeFailure(error, { ...tries, made: 2 });
    expect(last).toMatchObject({ kind: 'fail', error: { code: 'INTERNAL' } });
    expect(JSON.stringify(last)).not.toContain('not a function');
    const stray = new AsrError('CANCELLED', 'nobody asked for it');
    expect(judgeFailure(stray, { ...tries, made: 2 })).toMatchObject({
      error: { code: 'INTERNAL' },
    });
  });

  it('of a full work folder heals when there is room', () => {
    expect(judgeFailure(withCode('ENOSPC'), { ...tries, made: 5 })).toMatchObject({
      kind: 'retry',
      error: { code: 'STORE_FULL' },
    });
  });
});
