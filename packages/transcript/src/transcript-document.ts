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
  'NO_SPEECH',
  'DEMO_MODEL',
] as const;
export type TranscriptFlagCode = (typeof transcriptFlagCodes)[number];

const seconds = z.number().nonnegative();
const count = z.int().nonnegative();
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
  confidence: z.number().min(0).max(1),
  /** Audio channel, from 0; null where the channels were mixed. */
  channel,
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
  files: z.array(
    z.object({ path: z.string(), bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
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
});

export type TranscriptDocument = z.infer<typeof transcriptDocumentSchema>;
export type TranscriptSegment = z.infer<typeof segmentSchema>;
export type TranscriptWord = z.infer<typeof wordSchema>;
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
