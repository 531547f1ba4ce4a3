import { describe, expect, it } from 'vitest';
import { describeRecording, parseProbe } from './probe-audio.js';

const stream = {
  index: 1,
  codec_name: 'aac',
  codec_tag_string: 'mp4a',
  codec_type: 'audio',
  sample_rate: '48000',
  channels: 2,
  channel_layout: 'stereo',
  start_time: '0.500000',
  duration: '31.681000',
  disposition: { default: 1 },
  tags: { language: 'eng' },
};
const format = {
  format_name: 'mov,mp4,m4a,3gp,3g2,mj2',
  probe_score: 100,
  start_time: '0.000000',
  duration: '32.200000',
};
const file = { bytes: 1000, stderrLines: [] };
const parse = (changes: object = {}) =>
  parseProbe(JSON.stringify({ format, streams: [stream], packets: [], ...changes }));

describe('describeRecording', () => {
  it('says what a recording is', () => {
    expect(describeRecording(parse(), file)).toEqual({
      bytes: 1000,
      container: format.format_name,
      durationSeconds: 32.2,
      durationIsEstimate: false,
      startOffsetSeconds: 0,
      lengthIsOpen: false,
      breaksOff: false,
      probeScore: 100,
      tracks: [
        {
          index: 0,
          streamIndex: 1,
          language: 'en',
          codec: 'aac',
          channels: 2,
          channelLayout: 'stereo',
          sampleRateHz: 48_000,
          isDefault: true,
          isEncrypted: false,
          startSeconds: 0.5,
          endSeconds: 32.181,
        },
      ],
    });
  });

  it('trusts no length that ffprobe estimated or that the container does not state', () => {
    const stderrLines = ['[mp3 @ 0x5] [warning] Estimating duration from bitrate, this may be'];
    const estimated = describeRecording(parse(), { ...file, stderrLines });
    expect(estimated).toMatchObject({ durationIsEstimate: true });
    expect(estimated.tracks[0]).not.toHaveProperty('endSeconds');
    const matroska = parse({ format: { ...format, format_name: 'matroska,webm' } });
    expect(describeRecording(matroska, file).tracks[0]).not.toHaveProperty('endSeconds');
  });

  it('takes the length of PCM in a WAV from its header', () => {
    const wav = parse({
      format: { ...format, format_name: 'wav' },
      streams: [{ ...stream, codec_name: 'pcm_s16le' }],
    });
    const promised = { ...file, wavLength: { kind: 'promised', seconds: 60 } } as const;
    expect(describeRecording(wav, promised).tracks[0]?.endSeconds).toBe(60);
    const open = { ...file, wavLength: { kind: 'open' } } as const;
    expect(describeRecording(wav, open)).toMatchObject({ lengthIsOpen: true });
  });

  it.each([
    ['codec tag', { streams: [{ ...stream, codec_tag_string: 'drms' }] }],
    ['Matroska tag', { streams: [{ ...stream, tags: { enc_key_id: 'abc=' } }] }],
    [
      'packets',
      { packets: [{ stream_index: 1, side_data_list: [{ side_data_type: 'Encryption info' }] }] },
    ],
  ])('sees encryption by %s', (_, changes) => {
    expect(describeRecording(parse(changes), file).tracks[0]?.isEncrypted).toBe(true);
  });

  it('refuses what has no audio, or was recognized by accident', () => {
    expect(() => describeRecording(parse({ streams: [] }), file)).toThrow(
      expect.objectContaining({ code: 'AUDIO_NO_STREAM' }), //
    );
    const accident = parse({ format: { ...format, probe_score: 1 } });
    expect(() => describeRecording(accident, file)).toThrow(
      expect.objectContaining({ code: 'AUDIO_UNREADABLE' }), //
    );
  });
});

describe('parseProbe', () => {
  it('bears with what ffprobe leaves out or does not know', () => {
    const bare = {
      index: 0,
      codec_type: 'audio',
      channels: 0,
      sample_rate: '0',
      start_time: 'N/A',
    };
    const probe = parseProbe(JSON.stringify({ format: { format_name: 'aac' }, streams: [bare] }));
    expect(probe.streams[0]).toMatchObject({ codec_name: 'unknown', start_time: undefined });
    expect(probe.format.duration).toBeUndefined();
  });

  it.each(['', '{}', '{"format":{}}', 'null'])('refuses %j', (json) => {
    expect(() => parseProbe(json)).toThrow(expect.objectContaining({ code: 'AUDIO_UNREADABLE' }));
  });
});
