import { describe, expect, it } from 'vitest';
import { audioFilters, parseClockMessage } from './audio-filters.js';

const stereo = { channels: 2, channelLayout: 'stereo' };

describe('audioFilters', () => {
  it('mixes to mono or leaves the channels alone', () => {
    expect(audioFilters(stereo, 'mix')).toContain('aformat=sample_fmts=flt:channel_layouts=mono,');
    expect(audioFilters(stereo, 'separate')).toContain('aformat=sample_fmts=flt,');
  });

  it('weighs channels without a place alike, and leaves placed ones to ffmpeg', () => {
    const recorder = { channels: 4 };
    expect(audioFilters(recorder, 'mix')).toContain('pan=mono|c0=0.250000*c0+0.250000*c1+');
    expect(audioFilters(recorder, 'separate')).not.toContain('pan');
    expect(audioFilters({ channels: 6, channelLayout: '5.1' }, 'mix')).not.toContain('pan');
  });
});

describe('parseClockMessage', () => {
  it.each([
    ['[warning] 0.500000', { kind: 'start', seconds: 0.5 }],
    ['[Eval @ 0x55d0] [warning] -0.021333', { kind: 'start', seconds: -0.021333 }],
    ['[error] 18005.013000', { kind: 'broken-step', seconds: 18005.013 }],
  ])('%s', (line, message) => {
    expect(parseClockMessage(line)).toEqual(message);
  });

  it.each([
    '[warning] Guessed Channel Layout for Input Stream #0.0 : 5.1',
    '[error] 5',
    '0.500000',
  ])('is no message: %s', (line) => {
    expect(parseClockMessage(line)).toBeUndefined();
  });
});
