import { describe, expect, it } from 'vitest';
import { processError } from './process-error.js';

describe('processError', () => {
  it('leaves an end of its own, even a crash, to whoever knows the input', () => {
    expect(processError('ffmpeg', { kind: 'exited', exitCode: 1 })).toBeUndefined();
    expect(processError('ffmpeg', { kind: 'killed', signal: 'SIGSEGV' })).toBeUndefined();
  });

  it('does not take a foreign kill for a fault of the recording', () => {
    const error = processError('ffmpeg', { kind: 'killed', signal: 'SIGKILL' });
    expect(error).toMatchObject({ retryable: true });
  });

  it('tells a missing program from a machine that has no room for it', () => {
    const missing = { kind: 'not-started', missing: true, message: 'spawn ffmpeg ENOENT' } as const;
    expect(processError('ffmpeg', missing)).toMatchObject({ code: 'FFMPEG_MISSING' });
    const crowded = { ...missing, missing: false, message: 'spawn ffmpeg EAGAIN' };
    expect(processError('ffmpeg', crowded)).toMatchObject({ retryable: true });
  });

  it('names what we did to it', () => {
    expect(processError('ffmpeg', { kind: 'cancelled' })?.code).toBe('CANCELLED');
    expect(processError('ffmpeg', { kind: 'timed-out' })?.code).toBe('AUDIO_DECODE_TIMEOUT');
  });
});
