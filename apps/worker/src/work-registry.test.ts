import { describe, expect, it } from 'vitest';
import { createWorkRegistry, StoppedError } from './work-registry.js';

describe('the work registry', () => {
  it('stops a cancelled job with its chunks, and nothing else', () => {
    const registry = createWorkRegistry();
    const [job, chunk, other] = [
      registry.begin('job', 'a'),
      registry.begin('chunk', 'a'),
      registry.begin('chunk', 'b'),
    ];
    expect(registry.stopJob('a', 'cancelled')).toBe(true);
    expect(job.signal.reason).toEqual(new StoppedError('cancelled'));
    expect(chunk.signal.aborted).toBe(true);
    expect(other.signal.aborted).toBe(false);
    expect(registry.stopJob('c', 'cancelled')).toBe(false);
  });

  it('leaves chunks alone when another attempt has taken the job over', () => {
    const registry = createWorkRegistry();
    const [job, chunk] = [registry.begin('job', 'a'), registry.begin('chunk', 'a')];
    registry.stopJob('a', 'superseded');
    expect([job.signal.aborted, chunk.signal.aborted]).toEqual([true, false]);
  });

  it('counts what is in hand, and tells when nothing of a job is', async () => {
    const registry = createWorkRegistry();
    const [job, chunk] = [registry.begin('job', 'a'), registry.begin('chunk', 'a')];
    registry.begin('chunk', 'b');
    expect([registry.count('job'), registry.count('chunk')]).toEqual([1, 2]);
    let isEnded = false;
    const ended = registry.whenJobEnded('a').then(() => (isEnded = true));
    job.end();
    await Promise.resolve();
    expect(isEnded).toBe(false);
    chunk.end();
    await ended;
    expect(registry.count('chunk')).toBe(1);
  });
});
