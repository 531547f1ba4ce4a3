// What was heard → the transcript document, for a recording that was opened here.

import { type AudioTranscript, type OpenedAudio } from '@stenofleet/asr-core';
import { type ResolvedModel } from '@stenofleet/model-store';
import {
  describeTranscript as describeHeard,
  type SpeechOptions,
  type TranscriptDocument,
} from '@stenofleet/transcript';

export { describeOptions, type SpeechOptions } from '@stenofleet/transcript';

export type Channels = SpeechOptions['channels'];

export type Heard = {
  name: string;
  audio: Pick<OpenedAudio, 'info' | 'track' | 'outcome'>;
  transcript: AudioTranscript;
  processingSeconds: number;
  createdAt: string;
};

export type Maker = {
  model: ResolvedModel;
  options: SpeechOptions;
  versions: Record<string, string>;
};

export function describeTranscript(
  { name, audio, transcript, processingSeconds, createdAt }: Heard,
  maker: Maker,
): TranscriptDocument {
  const { info, track } = audio;
  return describeHeard(
    {
      recording: {
        name,
        bytes: info.bytes,
        container: info.container,
        codec: track.codec,
        sampleRateHz: track.sampleRateHz,
        channels: track.channels,
        track: track.index,
      },
      transcript,
      damage: audio.outcome().damage,
      processingSeconds,
    },
    { ...maker, createdAt },
  );
}
