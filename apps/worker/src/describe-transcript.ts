// What was heard → the transcript document, with everything that a reader should know about how it was made.

import { type AudioTranscript, type ChannelTranscript, SAMPLE_RATE_HZ } from '@stenofleet/asr-core';
import { type ResolvedModel } from '@stenofleet/model-store';
import { type JobSpec, type ResultManifest } from '@stenofleet/shared/job';
import {
  createTranscriptDocument,
  type TranscriptDocument,
  type TranscriptRemark,
} from '@stenofleet/transcript';
import { type StoredPlan } from './checkpoints.js';

export type Heard = {
  transcript: AudioTranscript;
  audio: StoredPlan['audio'];
  gaps: ResultManifest['gaps'];
  computeSeconds: number;
};

export type Maker = { spec: JobSpec; model: ResolvedModel; versions: Record<string, string> };

export function describeTranscript(heard: Heard, maker: Maker): TranscriptDocument {
  const { transcript, audio, computeSeconds } = heard;
  const { damage, ...recording } = audio;
  const { source, plan, createdAtMs } = maker.spec;
  return createTranscriptDocument({
    recording: {
      name: source.name,
      durationSeconds: transcript.durationSamples / SAMPLE_RATE_HZ,
      ...recording,
    },
    language: plan.language ?? getOnlyLanguage(maker.model),
    channels: plan.channels,
    words: transcript.channels.flatMap(({ words }, channel) =>
      words.map((word) => ({ ...word, channel })),
    ),
    flags: [
      ...describeDamage(damage),
      ...describeGaps(heard.gaps),
      ...describeSilence(transcript.channels, plan.channels),
    ],
    provenance: {
      model: describeModel(maker.model),
      options: {
        model: plan.model,
        tier: plan.tier,
        language: plan.language ?? null,
        channels: plan.channels,
        track: plan.track ?? null,
      },
      versions: maker.versions,
      // Of the request: whichever attempt writes the document, it is the same.
      createdAt: new Date(createdAtMs).toISOString(),
    },
    statistics: {
      speechSeconds: countSpeechSamples(transcript.channels) / SAMPLE_RATE_HZ,
      processingSeconds: computeSeconds,
    },
  });
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

function describeDamage(damage: StoredPlan['audio']['damage']): TranscriptRemark[] {
  if (!damage) return [];
  const code = damage.kind === 'truncated' ? 'AUDIO_TRUNCATED' : 'AUDIO_DAMAGED';
  return [{ code, message: damage.message, startSamples: damage.atSamples }];
}

function describeGaps(gaps: Heard['gaps']): TranscriptRemark[] {
  return gaps.map(({ startSeconds, endSeconds, code }) => ({
    code: 'CHUNK_MISSING',
    message: `This part of the recording could not be transcribed (${code}).`,
    startSamples: Math.round(startSeconds * SAMPLE_RATE_HZ),
    endSamples: Math.round(endSeconds * SAMPLE_RATE_HZ),
  }));
}

function describeSilence(
  channels: readonly ChannelTranscript[],
  choice: 'mix' | 'separate',
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
