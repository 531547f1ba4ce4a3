import { describe, expect, it } from 'vitest';
import { parseAllowedDemuxers } from './demuxers.js';

const ffmpeg5 = `File formats:
 D. = Demuxing supported
 .E = Muxing supported
 --
 D  aac             raw ADTS AAC (Advanced Audio Coding)
 D  alsa            ALSA audio input
 D  concat          Virtual concatenation script
 D  dash            Dynamic Adaptive Streaming over HTTP
 D  f32le           PCM 32-bit floating-point little-endian
 D  flac            raw FLAC
 D  hls             Apple HTTP Live Streaming
 D  image2          image2 sequence
 D  image2pipe      piped image2 sequence
 D  jpeg_pipe       piped jpeg sequence
 D  libcdio          
 D  matroska,webm   Matroska / WebM
 D  mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV
 D  s16le           PCM signed 16-bit little-endian
 D  sdp             SDP
 D  srt             SubRip subtitle
 D  tty             Tele-typewriter
 D  wav             WAV / WAVE (Waveform Audio)
`;

const ffmpeg7 = `Demuxers:
 D.. = Demuxing supported
 .E. = Muxing supported
 ..d = Is a device
 ---
 D   aac             raw ADTS AAC (Advanced Audio Coding)
 D d newdevice       A device nobody has heard of
 D   mp3             MP2/3 (MPEG audio layer 2/3)
`;

describe('parseAllowedDemuxers', () => {
  it('keeps media containers under each of their names', () => {
    expect(parseAllowedDemuxers(ffmpeg5)).toEqual(
      ['aac', 'flac', 'matroska', 'webm', 'mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2', 'wav'], //
    );
  });

  it('leaves out what a newer ffmpeg marks as a device', () => {
    expect(parseAllowedDemuxers(ffmpeg7)).toEqual(['aac', 'mp3']);
  });

  it('allows nothing when the list cannot be read', () => {
    expect(parseAllowedDemuxers('Unrecognized option')).toEqual([]);
  });
});
