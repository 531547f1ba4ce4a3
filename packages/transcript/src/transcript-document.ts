// The published JSON document, version 1. Fields are only ever added; a change of meaning is a new version.
// Times are seconds from the start of the recording, rounded to milliseconds.
import { z } from 'zod';
import { TranscriptError } from './transcript-error.js';

export const TRANSCRIPT_SCHEMA = 'stenofleet.transcript';
export const TRANSCRIPT_VERSION = 1;

/** Flags this version writes. A reader accepts any code: newer writers may know more. */
export const transcriptFlagCodes = [
  'AUDIO_DAMAGED',
  'AUDIO_TRUNCATED',
  'CHUNK_MISSING',
  'SPEECH_WITHOUT_WORDS',
  'TEXT_REPEATS',
  'TEXT_TOO_FAST',
  'TEXT_IN_SILENCE',
  'TEXT_FAR_FROM_DRAFT',
  'NO_SPEECH',
  'DEMO_MODEL',
] as const;
export type TranscriptFlagCode = (typeof transcriptFlagCodes)[number];

/** How a word's times were made: by the model, by aligning its text with the audio, or by spreading it over speech. */
export const wordTimings = ['model', 'aligned', 'estimated'] as const;
export type WordTiming = (typeof wordTimings)[number];

const seconds = z.number().nonnegative();
const count = z.int().nonnegative();
const share = z.number().min(0).max(1);
const channel = count.nullable();

const recordingSchema = z.object({
  name: z.string(),
  durationSeconds: seconds,
  bytes: count.optional(),
  container: z.string().optional(),
  codec: z.string().optional(),
  sampleRateHz: count.optional(),
  channels: count.optional(),
  /** Index of the audio track that was transcribed. */
  track: count.optional(),
});

const wordSchema = z.object({
  text: z.string(),
  start: seconds,
  end: seconds,
  /** Mean probability of the word's pieces, 0 to 1. */
  confidence: share,
  /** Audio channel, from 0; null where the channels were mixed. */
  channel,
  /** Absent in documents that were written before it was told. */
  timing: z.enum(wordTimings).optional(),
});

/** A paragraph: what one channel says until a long pause, a turn or a sentence end. */
const segmentSchema = z.object({
  start: seconds,
  end: seconds,
  channel,
  text: z.string(),
  words: z.array(wordSchema),
});

const flagSchema = z.object({
  code: z.string(),
  message: z.string(),
  start: seconds.optional(),
  end: seconds.optional(),
});

const fileSchema = z.object({
  path: z.string(),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const switchesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const modelSchema = z.object({
  id: z.string(),
  name: z.string(),
  family: z.string(),
  tier: z.string(),
  license: z.string(),
  attribution: z.string().optional(),
  sourceRepository: z.string().optional(),
  sourceRevision: z.string().optional(),
  /** True for the model that is only for trying Stenofleet. */
  demo: z.boolean(),
  files: z.array(fileSchema),
  /** Somebody's own files under the id of a published model. */
  otherWeights: z.literal(true).optional(),
  /** Used although it differs more from a better tier than its manifest allows. */
  parityForced: z.literal(true).optional(),
  /** What differs from the family's defaults. */
  switches: switchesSchema.optional(),
  /** The models that gave words their times. */
  aligners: z
    .array(z.object({ id: z.string(), tier: z.string(), files: z.array(fileSchema) }))
    .optional(),
  /** The tier that heard again what was doubtful. */
  betterTier: z
    .object({ tier: z.string(), files: z.array(fileSchema), switches: switchesSchema.optional() })
    .optional(),
});

const provenanceSchema = z.object({
  model: modelSchema,
  /** The options that shape the output. */
  options: z.record(z.string(), z.json()),
  /** Component (`stenofleet`, `onnxruntime`, `ffmpeg`, `node`, `vad`) to version. */
  versions: z.record(z.string(), z.string()),
  createdAt: z.iso.datetime(),
});

const statisticsSchema = z.object({
  speechSeconds: seconds,
  words: count,
  processingSeconds: seconds.optional(),
  /** Processing time divided by the recording's duration. */
  realTimeFactor: seconds.optional(),
});

const stretchSchema = z.object({ start: seconds, end: seconds, channel });

const qualitySchema = z.object({
  /** Detected speech, of all channels together. */
  speechSeconds: seconds,
  /** Speech in which no word lies. */
  uncoveredSeconds: seconds,
  /** Where two seconds of it or more lie together. */
  uncovered: z.array(stretchSchema),
  lowConfidence: z.object({
    /** Words below this confidence are counted. */
    threshold: share,
    words: count,
    /** Of all words. */
    share,
    /** The least certain of them, worst first. */
    places: z.array(stretchSchema.extend({ text: z.string(), confidence: share })),
  }),
  /** Where text was doubted, and what came of it: `other-cut` and `better-tier` mended it, `kept` did not. */
  guards: z.array(z.object({ guard: z.string(), outcome: z.string(), ...stretchSchema.shape })),
  /** Of each channel, as it was recognized: after mixing, where channels were mixed. */
  levels: z.array(
    z.object({
      channel,
      /** Above 0 where decoding or resampling overshoots full scale; null for digital silence. */
      peakDbfs: z.number().nullable(),
      rmsDbfs: z.number().nullable(),
      /** Of all samples: those in stretches at full scale. */
      clippedShare: share,
      /** Of the recording: what is below −60 dBFS. */
      silenceShare: share,
    }),
  ),
  /** Words by how their times were made. */
  timings: z.object({ model: count, aligned: count, estimated: count }),
});

export const transcriptDocumentSchema = z.object({
  schema: z.literal(TRANSCRIPT_SCHEMA),
  version: z.literal(TRANSCRIPT_VERSION),
  recording: recordingSchema,
  /** BCP 47; null when neither named nor detected. */
  language: z.string().nullable(),
  channels: z.enum(['mix', 'separate']),
  /** The segments' text, one per line. */
  text: z.string(),
  /** By start; within a channel, words neither overlap nor go back. */
  segments: z.array(segmentSchema),
  flags: z.array(flagSchema),
  provenance: provenanceSchema,
  statistics: statisticsSchema,
  /** Absent in documents that were written before there was such a report. */
  quality: qualitySchema.optional(),
});

export type TranscriptDocument = z.infer<typeof transcriptDocumentSchema>;
export type TranscriptSegment = z.infer<typeof segmentSchema>;
export type TranscriptWord = z.infer<typeof wordSchema>;
export type TranscriptQuality = z.infer<typeof qualitySchema>;
export type TranscriptFlag = z.infer<typeof flagSchema>;

/** @throws TranscriptError `TRANSCRIPT_UNREADABLE`, naming every place that is wrong */
export function parseTranscriptDocument(value: unknown): TranscriptDocument {
  const result = transcriptDocumentSchema.safeParse(value);
  if (result.success) return result.data;
  throw new TranscriptError(
    'TRANSCRIPT_UNREADABLE',
    `Not a ${TRANSCRIPT_SCHEMA} document of version ${TRANSCRIPT_VERSION}:\n${z.prettifyError(result.error)}`,
    { cause: result.error },
  );
}
