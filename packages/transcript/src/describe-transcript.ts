// What was heard → the document, with everything that a reader should know about how it was made.
import {
  createTranscriptDocument,
  type RecognizedWord,
  type TranscriptRemark,
} from './create-transcript-document.js';
import { describeQuality, type GuardKind, type HeardChannel } from './quality.js';
import { SAMPLE_RATE_HZ, type SampleStretch } from './sample-times.js';
import { type TranscriptDocument, type TranscriptFlagCode } from './transcript-document.js';

/** What is said of a stretch that was doubted, and of speech without words. */
const DOUBTS: Record<GuardKind, { code: TranscriptFlagCode; describe: (where: string) => string }> =
  {
    'no-words': {
      code: 'SPEECH_WITHOUT_WORDS',
      describe: (where) => `Speech was detected${where}, but the model found no words in it.`,
    },
    repetition: {
      code: 'TEXT_REPEATS',
      describe: (where) => `The model repeated itself${where}; other tries were no better.`,
    },
    overrun: {
      code: 'TEXT_TOO_FAST',
      describe: (where) =>
        `The model wrote more${where} than anybody can say in the time; other tries were no better.`,
    },
    'non-speech': {
      code: 'TEXT_IN_SILENCE',
      describe: (where) => `The model wrote text${where}, though nobody seems to speak.`,
    },
    'draft-differs': {
      code: 'TEXT_FAR_FROM_DRAFT',
      describe: (where) => `The text${where} is far from the model’s own draft of it.`,
    },
  };

/** Less is no place without words, but a pause. */
const MIN_SILENT_SAMPLES = 2 * SAMPLE_RATE_HZ;

export type HeardTranscript = {
  channels: readonly (HeardChannel & {
    words: readonly Omit<RecognizedWord, 'channel'>[];
    /** Detected speech. */
    speech: readonly SampleStretch[];
  })[];
  durationSamples: number;
};

export type HeardRecording = {
  recording: Omit<TranscriptDocument['recording'], 'durationSeconds'>;
  transcript: HeardTranscript;
  damage?: { kind: 'truncated' | 'corrupt'; atSamples: number; message: string } | undefined;
  /** What could not be transcribed, each with its error's code. */
  gaps?: readonly { startSeconds: number; endSeconds: number; code: string }[];
  processingSeconds: number;
};

/** The options that shape a transcript. */
export type SpeechOptions = {
  language?: string | undefined;
  channels: 'mix' | 'separate';
  track?: number | string | undefined;
  /** False: without punctuation and case, where the model can. */
  punctuation?: boolean | undefined;
  /** True: numbers as they are written, where the model has the choice. */
  inverseTextNormalization?: boolean | undefined;
  /** True: what is doubtful was heard again in the next better tier. */
  betterTier?: boolean | undefined;
};

type DocumentModel = TranscriptDocument['provenance']['model'];

/** Of an installed model and tier, what a document tells. */
export type MakerModel = {
  manifest: Pick<DocumentModel, 'id' | 'name' | 'family' | 'license' | 'demo'> & {
    /** Empty where the licence asks for none. */
    attribution: string;
    /** BCP 47; `und` where it is not known. */
    languages: readonly string[];
  };
  tier: string;
  provenance: Pick<
    DocumentModel,
    'files' | 'otherWeights' | 'parityForced' | 'switches' | 'aligners' | 'betterTier'
  > & {
    source?: { repository: string; revision: string };
  };
};

export type TranscriptMaker = {
  model: MakerModel;
  options: SpeechOptions;
  /** As in the document's provenance. */
  versions: Record<string, string>;
  /** ISO 8601. */
  createdAt: string;
};

export function describeTranscript(
  { recording, transcript, damage, gaps = [], processingSeconds }: HeardRecording,
  maker: TranscriptMaker,
): TranscriptDocument {
  const { channels, durationSamples } = transcript;
  const speechSamples = channels
    .flatMap(({ speech }) => speech)
    .reduce((sum, { startSamples, endSamples }) => sum + endSamples - startSamples, 0);
  const document = createTranscriptDocument({
    recording: { ...recording, durationSeconds: durationSamples / SAMPLE_RATE_HZ },
    language: maker.options.language ?? getOnlyLanguage(maker.model),
    channels: maker.options.channels,
    words: channels.flatMap(({ words }, channel) => words.map((word) => ({ ...word, channel }))),
    flags: [
      ...describeDamage(damage),
      ...describeGaps(gaps),
      ...describeDoubts(transcript, { gaps, choice: maker.options.channels }),
    ],
    provenance: {
      model: describeModel(maker.model),
      options: describeOptions(maker),
      versions: maker.versions,
      createdAt: maker.createdAt,
    },
    statistics: { speechSeconds: speechSamples / SAMPLE_RATE_HZ, processingSeconds },
  });
  return { ...document, quality: describeQuality(document, channels) };
}

/** The options as the document tells them. */
export function describeOptions({ model, options }: Pick<TranscriptMaker, 'model' | 'options'>) {
  return {
    model: model.manifest.id,
    tier: model.tier,
    language: options.language ?? null,
    channels: options.channels,
    track: options.track ?? null,
    // Only what differs from the default: what was made before there was the choice counts as made with it.
    ...(options.punctuation === false && { punctuation: false }),
    ...(options.inverseTextNormalization && { inverseTextNormalization: true }),
    ...(options.betterTier && { betterTier: true }),
  };
}

function describeModel({
  manifest,
  tier,
  provenance: { source, ...made },
}: MakerModel): DocumentModel {
  const { id, name, family, license, attribution, demo } = manifest;
  return {
    ...{ id, name, family, tier, license, demo },
    ...(attribution !== '' && { attribution }),
    ...(source && { sourceRepository: source.repository, sourceRevision: source.revision }),
    ...made,
  };
}

function describeDamage(damage: HeardRecording['damage']): TranscriptRemark[] {
  if (!damage) return [];
  const code = damage.kind === 'truncated' ? 'AUDIO_TRUNCATED' : 'AUDIO_DAMAGED';
  return [{ code, message: damage.message, startSamples: damage.atSamples }];
}

type Gaps = NonNullable<HeardRecording['gaps']>;

function describeGaps(gaps: Gaps): TranscriptRemark[] {
  return gaps.map((gap) => ({
    code: 'CHUNK_MISSING',
    message: `This part of the recording could not be transcribed (${gap.code}).`,
    ...toStretch(gap),
  }));
}

/** Speech without words once for each place, whoever noticed; not where nothing was transcribed. */
function describeDoubts(
  { channels }: HeardTranscript,
  { gaps, choice }: { gaps: Gaps; choice: SpeechOptions['channels'] },
): TranscriptRemark[] {
  if (channels.every(({ speech }) => speech.length === 0)) {
    return [{ code: 'NO_SPEECH', message: 'No speech was detected in the recording.' }];
  }
  const missing = gaps.map(toStretch);
  return channels.flatMap(({ uncovered, guardEvents }, channel) => {
    const where = choice === 'separate' ? ` on channel ${channel + 1}` : '';
    const silent = uncovered.stretches.flatMap((stretch) => cutOut(stretch, missing));
    const kept = guardEvents.filter(
      (event) =>
        event.outcome === 'kept' && !(event.guard === 'no-words' && overlapsAny(event, silent)),
    );
    return [
      ...silent.map((stretch) => describeDoubt('no-words', { stretch, where })),
      ...kept.map((stretch) => describeDoubt(stretch.guard, { stretch, where })),
    ];
  });
}

function describeDoubt(
  guard: GuardKind,
  { stretch, where }: { stretch: SampleStretch; where: string },
): TranscriptRemark {
  const { code, describe } = DOUBTS[guard];
  const { startSamples, endSamples } = stretch;
  return { code, message: describe(where), startSamples, endSamples };
}

function toStretch({ startSeconds, endSeconds }: Gaps[number]): SampleStretch {
  return {
    startSamples: Math.round(startSeconds * SAMPLE_RATE_HZ),
    endSamples: Math.round(endSeconds * SAMPLE_RATE_HZ),
  };
}

/** What is left of a stretch without the others, as far as it is worth a flag. */
function cutOut(stretch: SampleStretch, others: readonly SampleStretch[]): SampleStretch[] {
  let left = [stretch];
  for (const { startSamples, endSamples } of others) {
    left = left.flatMap((rest) => [
      { ...rest, endSamples: Math.min(rest.endSamples, startSamples) },
      { ...rest, startSamples: Math.max(rest.startSamples, endSamples) },
    ]);
  }
  return left.filter((rest) => rest.endSamples - rest.startSamples >= MIN_SILENT_SAMPLES);
}

function overlapsAny(stretch: SampleStretch, others: readonly SampleStretch[]): boolean {
  return others.some(
    ({ startSamples, endSamples }) =>
      startSamples < stretch.endSamples && endSamples > stretch.startSamples,
  );
}

/** Of a model that knows but one. */
function getOnlyLanguage({ manifest }: MakerModel): string | null {
  const [language, ...others] = manifest.languages;
  return language === undefined || language === 'und' || others.length > 0 ? null : language;
}
