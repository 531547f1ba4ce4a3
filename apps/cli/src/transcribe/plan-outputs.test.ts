import { describe, expect, it } from 'vitest';
import { type OutputPlanOptions, planOutputs } from './plan-outputs.js';
import { type Recording } from './recording.js';

const file = (path: string, { below = '', root = 'root' } = {}): Recording => ({
  kind: 'file',
  shown: path,
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  below,
  root,
});
const address: Recording = {
  kind: 'url',
  shown: '',
  name: 'talk.mp3',
  url: 'https://host/talk.mp3',
};

const plan = (
  recordings: Recording[],
  outDir?: string,
  known: Pick<OutputPlanOptions, 'takenBases' | 'settledBases'> = {},
) =>
  planOutputs(recordings, { formats: ['srt', 'json'], cwd: '/here', outDir, ...known }).map(
    ({ base, collidesWith }) => (collidesWith ? `not beside ${collidesWith.shown}` : base),
  );

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
    const talk = file('/a/talk.mp3');
    const takenBases = new Map([[talk, new Set(['/a/talk'])]]);
    expect(plan([talk], undefined, { takenBases })).toEqual(['/a/talk.mp3']);
  });

  it('leaves a transcript where it lies when a namesake comes', () => {
    const [old, late] = [file('/a/talk.mp3'), file('/a/talk.wav')];
    const settledBases = new Map([[old, '/a/talk']]);
    expect(plan([late, old], undefined, { settledBases })).toEqual(['/a/talk.wav', '/a/talk']);
  });

  it('repeats the folders below what was named in --out', () => {
    const recordings = ['2019', '2020'].map((below) => file(`/a/${below}/talk.mp3`, { below }));
    expect(plan(recordings, '/out')).toEqual(['/out/2019/talk', '/out/2020/talk']);
  });

  it('writes transcripts of addresses to --out or here', () => {
    expect(plan([address])).toEqual(['/here/talk']);
    expect(plan([address], '/out')).toEqual(['/out/talk']);
  });

  it('tells apart by the folder that was named what nothing else does', () => {
    const [inA, inC] = [file('/a/talk.mp3', { root: 'a' }), file('/c/talk.mp3', { root: 'c' })];
    const other = file('/c/x/other.mp3', { root: 'c', below: 'x' });
    expect(plan([inA, inC, other], '/out')).toEqual(['/out/a/talk', '/out/c/talk', '/out/x/other']);
    const settledBases = new Map([[inA, '/out/talk']]);
    expect(plan([inC, inA], '/out', { settledBases })).toEqual(['/out/talk.mp3', '/out/talk']);
  });

  it('goes on to the next name where others were there before', () => {
    const talk = file('/c/talk.mp3', { root: 'c' });
    const takenBases = new Map([[talk, new Set(['/out/talk', '/out/talk.mp3'])]]);
    expect(plan([talk], '/out', { takenBases })).toEqual(['/out/c/talk']);
  });

  it('leaves the name to the first where nothing tells two apart, or to whose it was', () => {
    const [first, second] = [file('/1/a/talk.mp3'), file('/2/a/talk.mp3')];
    expect(plan([first, second, file('/3/late.mp3')], '/out')).toEqual([
      '/out/root/talk.mp3',
      'not beside /1/a/talk.mp3',
      '/out/late',
    ]);
    const settledBases = new Map([[second, '/out/root/talk.mp3']]);
    const takenBases = new Map([[first, new Set(['/out/root/talk.mp3'])]]);
    expect(plan([first, second], '/out', { settledBases, takenBases })).toEqual([
      'not beside /2/a/talk.mp3',
      '/out/root/talk.mp3',
    ]);
    expect(plan([address, { ...address, url: 'https://other/talk.mp3' }])).toEqual([
      '/here/talk.mp3',
      'not beside ',
    ]);
  });
});
