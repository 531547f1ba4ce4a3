// What was heard → the transcript document, with everything that a reader should know about how it was made.

import {
  type AudioTranscript,
  type ChannelTranscript,
  type OpenedAudio,
  SAMPLE_RATE_HZ,
} from '@stenofleet/asr-core';
import { type ResolvedModel } from '@stenofleet/model-store';
import {
  createTranscriptDocument,
  type TranscriptDocument,
  type TranscriptRemark,
} from '@stenofleet/transcript';

export type Channels = 'mix' | 'separate';

/** The options that shape a transcript. */
export type SpeechOptions = {
  language: string | undefined;
  channels: Channels;
  track: number | string | undefined;
};

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

export function describeTranscript(heard: Heard, maker: Maker): TranscriptDocument {
  const { name, audio, transcript } = heard;
  const { info, track } = audio;
  const { channels } = maker.options;
  return createTranscriptDocument({
    recording: {
      name,
      durationSeconds: transcript.durationSamples / SAMPLE_RATE_HZ,
      bytes: info.bytes,
      container: info.container,
      codec: track.codec,
      sampleRateHz: track.sampleRateHz,
      channels: track.channels,
      track: track.index,
    },
    language: maker.options.language ?? getOnlyLanguage(maker.model),
    channels,
    words: transcript.channels.flatMap(({ words }, channel) =>
      words.map((word) => ({ ...word, channel })),
    ),
    flags: [...describeDamage(audio), ...describeSilence(transcript.channels, channels)],
    provenance: {
      model: describeModel(maker.model),
      options: describeOptions(maker),
      versions: maker.versions,
      createdAt: heard.createdAt,
    },
    statistics: {
      speechSeconds: countSpeechSamples(transcript.channels) / SAMPLE_RATE_HZ,
      processingSeconds: heard.processingSeconds,
    },
  });
}

export function describeOptions({ options, model }: Pick<Maker, 'options' | 'model'>) {
  return {
    model: model.manifest.id,
    tier: model.tier,
    language: options.language ?? null,
    channels: options.channels,
    track: options.track ?? null,
  };
}

function describeModel({ manifest, tier, provenance }: ResolvedModel) {
  const { id, name, family, license, attribution, demo } = manifest;
  return {
    ...{ id, name, family, tier, license, demo },
    ...(attribution !== '' && { attribution }),
    ...(provenance.source && {
      sourceRepository: provenance.source.repository,
      sourceRevision: provenance.source.revision,
    }),
    files: provenance.files,
  };
}

function describeDamage({ outcome }: Heard['audio']): TranscriptRemark[] {
  const { damage } = outcome();
  if (!damage) return [];
  const code = damage.kind === 'truncated' ? 'AUDIO_TRUNCATED' : 'AUDIO_DAMAGED';
  return [{ code, message: damage.message, startSamples: damage.atSamples }];
}

function describeSilence(
  channels: readonly ChannelTranscript[],
  choice: Channels,
): TranscriptRemark[] {
  if (channels.every(({ speech }) => speech.length === 0)) {
    return [{ code: 'NO_SPEECH', message: 'No speech was detected in the recording.' }];
  }
  return channels.flatMap(({ silentSegments }, channel) =>
    silentSegments.map(({ startSamples, endSamples }) => ({
      code: 'SPEECH_WITHOUT_WORDS' as const,
      message: `Speech was detected${choice === 'separate' ? ` on channel ${channel + 1}` : ''}, but the model found no words in it.`,
      startSamples,
      endSamples,
    })),
  );
}

function countSpeechSamples(channels: readonly ChannelTranscript[]): number {
  return channels
    .flatMap(({ speech }) => speech)
    .reduce((sum, { startSamples, endSamples }) => sum + endSamples - startSamples, 0);
}

/** Of a model that knows but one. */
function getOnlyLanguage({ manifest }: ResolvedModel): string | null {
  const [language, ...others] = manifest.languages;
  return language === undefined || language === 'und' || others.length > 0 ? null : language;
}
