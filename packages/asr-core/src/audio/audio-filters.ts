// The ffmpeg filter graph that turns a track into 16 kHz float samples without gaps. Where the
// first of them lies in time it prints; silence in front is not its business: ffmpeg builds the
// graph anew when channels or rate change within a recording, and would put it there again.

import { SAMPLE_RATE_HZ } from '../transcript.js';

export type ChannelChoice = 'mix' | 'separate';

/**
 * A silence in the timestamps longer than this is taken for a broken timestamp: filling it costs
 * ffmpeg memory (64 KB per second and channel), and a corrupt one may claim hours.
 */
const LONGEST_GAP_SECONDS = 1200;

/**
 * How far the sound may be from its timestamps: a lost frame is filled, the jitter of a live
 * recorder is left.
 */
const LONGEST_SLIP_SECONDS = 0.04;

/** Sound never overlaps itself by more; timestamps that step back further begin anew. */
const LONGEST_OVERLAP_SECONDS = 0.5;

/** A mix of full-scale channels that are alike is full scale, too; by default it would lie 3 dB above and be clipped. */
const UNITY_MIX = ':rematrix_maxval=1';

export type ChannelShape = { channels: number; channelLayout?: string | undefined };

/** What the graph says on stderr (`-loglevel level+warning`). */
export type ClockMessage =
  { kind: 'start'; seconds: number } | { kind: 'broken-step'; seconds: number };

export function audioFilters(shape: ChannelShape, channels: ChannelChoice): string {
  return [
    `asetpts='${steadyTimestamps()}'`,
    ...(channels === 'mix' ? mixing(shape) : []),
    `aresample=${SAMPLE_RATE_HZ}${channels === 'mix' ? UNITY_MIX : ''}`,
    `aformat=sample_fmts=flt${channels === 'mix' ? ':channel_layouts=mono' : ''}`,
    `aresample=async=1:min_hard_comp=${LONGEST_SLIP_SECONDS}`,
  ].join(',');
}

export function parseClockMessage(line: string): ClockMessage | undefined {
  const match = /(?:^|\] )\[(warning|error)\] (-?\d+\.\d{6})$/.exec(line);
  if (match === null) return undefined;
  return { kind: match[1] === 'warning' ? 'start' : 'broken-step', seconds: Number(match[2]) };
}

/**
 * ffmpeg mixes by where loudspeakers stand; channels without a place (a recorder's) weigh alike.
 */
function mixing({ channels, channelLayout }: ChannelShape): string[] {
  if (channels <= 2 || channelLayout !== undefined) return [];
  const weight = (1 / channels).toFixed(6);
  const inputs = Array.from({ length: channels }, (_, channel) => `${weight}*c${channel}`);
  return [`pan=mono|c0=${inputs.join('+')}`];
}

/**
 * Registers: 0 correction, 1 expected time of the next frame, 2 its corrected time, 3 step in
 * seconds, 4 a broken step, 5 not the first frame. A broken step is printed one frame later: at
 * the end of the stream this is called once more, with a time that means nothing.
 */
function steadyTimestamps(): string {
  const warning = 24;
  const error = 16;
  return [
    `if(isnan(PTS),NAN,if(ld(4),print(T,${error});st(4,0),0)`,
    `if(ld(5),0,print(T,${warning});st(1,PTS);st(5,1))`,
    'st(3,(PTS+ld(0)-ld(1))*TB)',
    `if(gt(ld(3),${LONGEST_GAP_SECONDS}),st(4,1);st(0,ld(1)-PTS),0)`,
    `if(lt(ld(3),-${LONGEST_OVERLAP_SECONDS}),st(0,ld(1)-PTS),0)`,
    'st(2,PTS+ld(0));st(1,ld(2)+NB_SAMPLES);ld(2))',
  ].join(';');
}
