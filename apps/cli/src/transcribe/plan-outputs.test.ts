import { describe, expect, it } from 'vitest';
import { planOutputs } from './plan-outputs.js';
import { type Recording } from './recording.js';

const file = (path: string, below = ''): Recording => ({
  kind: 'file',
  shown: path,
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  below,
});
const address: Recording = {
  kind: 'url',
  shown: '',
  name: 'talk.mp3',
  url: 'https://host/talk.mp3',
};

const plan = (recordings: Recording[], outDir?: string, takenBases?: Set<string>) =>
  planOutputs(recordings, {
    formats: ['srt', 'json'],
    cwd: '/here',
    outDir,
    ...(takenBases && { takenBases }),
  }).map(({ base }) => base);

describe('planOutputs', () => {
  it('names outputs after the recording, beside it', () => {
    const [planned] = planOutputs([file('/a/talk.part1.mp3')], {
      formats: ['srt', 'json'],
      cwd: '/here',
    });
    expect(planned?.outputs).toEqual([
      { format: 'srt', path: '/a/talk.part1.srt' },
      { format: 'json', path: '/a/talk.part1.json' },
    ]);
  });

  it('keeps the extension where two would collide, also on disks that ignore case', () => {
    const recordings = [file('/a/talk.mp3'), file('/a/Talk.wav'), file('/a/other.mp3')];
    expect(plan(recordings)).toEqual(['/a/talk.mp3', '/a/Talk.wav', '/a/other']);
  });

  it('keeps the extension where a longer name is the short name of another', () => {
    const recordings = [file('/a/talk.mp3'), file('/a/talk.wav'), file('/a/talk.mp3.ogg')];
    expect(plan(recordings)).toEqual(['/a/talk.mp3', '/a/talk.wav', '/a/talk.mp3.ogg']);
  });

  it('keeps the extension where something else has the name', () => {
    expect(plan([file('/a/talk.mp3')], undefined, new Set(['/a/talk']))).toEqual(['/a/talk.mp3']);
  });

  it('leaves a transcript where it lies when a namesake comes', () => {
    const [old, late] = [file('/a/talk.mp3'), file('/a/talk.wav')];
    const settledBases = new Map([[old, '/a/talk']]);
    const plans = planOutputs([late, old], { formats: ['srt'], cwd: '/here', settledBases });
    expect(plans.map(({ base }) => base)).toEqual(['/a/talk.wav', '/a/talk']);
  });

  it('repeats the folders below what was named in --out', () => {
    const recordings = [file('/a/2019/talk.mp3', '2019'), file('/a/2020/talk.mp3', '2020')];
    expect(plan(recordings, '/out')).toEqual(['/out/2019/talk', '/out/2020/talk']);
  });

  it('writes transcripts of addresses to --out or here', () => {
    expect(plan([address])).toEqual(['/here/talk']);
    expect(plan([address], '/out')).toEqual(['/out/talk']);
  });

  it('refuses what would be one name for two recordings', () => {
    expect(() => plan([file('/a/talk.mp3'), file('/b/talk.mp3')], '/out')).toThrow(
      expect.objectContaining({ code: 'OUTPUT_COLLISION' }),
    );
  });
});
