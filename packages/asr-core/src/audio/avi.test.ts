import { describe, expect, it } from 'vitest';
import { isFinishedAvi } from './avi.js';

describe('isFinishedAvi', () => {
  it.each([
    ['a length', 'RIFF\x10\x20\x30\x00AVI ', true],
    ['none', 'RIFF\0\0\0\0AVI ', false],
    ['a stream’s', 'RIFF\xff\xff\xff\xffAVI ', false],
    ['no header', 'RIFF', false],
  ])('%s', (_, head, expected) => {
    expect(isFinishedAvi(Buffer.from(head, 'latin1'))).toBe(expected);
  });
});
