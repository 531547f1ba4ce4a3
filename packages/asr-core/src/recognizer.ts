import { type Token } from './transcript.js';

/** What a model can and cannot do; the same shape for every family. */
export type RecognizerCapabilities = {
  /** BCP 47 codes the model was trained on. */
  languages: readonly string[];
  /** Whether the caller must name the language (the model cannot detect it). */
  languageRequired: boolean;
  /** Whether the text carries punctuation and case. */
  punctuation: boolean;
  /** Whether token times come from the model itself rather than from an estimate. */
  nativeTimes: boolean;
  /** Longest segment the loaded tier takes, in seconds. */
  maxSegmentSeconds: number;
};

/** One segment's audio: mono, −1…1, 16 kHz. */
export type SegmentAudio = { samples: Float32Array };

export type RecognizeOptions = {
  /** BCP 47 code; must be one of `capabilities.languages`. */
  language?: string;
  /** Checked between model runs; throws `CANCELLED` when it answers true. */
  isCancelled?: () => boolean;
};

/** A piece as it goes into words: the token plus its vocabulary text. */
export type Piece = Token & { text: string };

/** What a model makes of one segment. */
export type RecognizedSegment = {
  pieces: Piece[];
  /** Samples from one encoder frame to the next. */
  samplesPerFrame: number;
};

/** The same as inference answers it. */
export type SegmentResult = RecognizedSegment & {
  /** Time that a lane spent on it, in milliseconds: of a group taken together, its share by length. */
  computeMs: number;
};

/** Time spent, for the benchmark: all in milliseconds. */
export type RecognizerTimings = { runMs: number; totalMs: number };

/** The contract every model family fulfils. One instance belongs to one thread. */
export interface Recognizer {
  readonly capabilities: RecognizerCapabilities;
  /** Most segments that one call profits from taking together. */
  readonly batchSize: number;
  readonly timings: RecognizerTimings;
  /** @throws AsrError `LANGUAGE_UNSUPPORTED`, `LANGUAGE_REQUIRED`, `CANCELLED`, `INFERENCE_FAILED` */
  recognize(
    segments: readonly SegmentAudio[],
    options?: RecognizeOptions,
  ): Promise<RecognizedSegment[]>;
  close(): Promise<void>;
}

export type ModelFamily = 'nemo-tdt' | 'nemo-ctc';

/** How the features are made: by this package, or by a graph that comes with the model. */
export type FrontEnd =
  { kind: 'nemo-log-mel'; numMels: number } | { kind: 'graph'; numMels: number };

/**
 * An installed model and tier: what `@stenofleet/model-store` resolves and this package opens.
 * Paths are absolute. Sidecars (`.data`) need not be listed: the runtime finds them beside their graph.
 */
export type ModelDescription = {
  id: string;
  tier: string;
  /** One of {@link ModelFamily}; checked when the model is opened. */
  family: string;
  files: {
    encoder: string;
    /** `nemo-tdt` only. */
    decoderJoint?: string;
    vocabulary: string;
    /** NeMo's `config.json`, where the model has one. */
    config?: string;
    /** The model's own feature graph, where `frontEnd.kind` is `graph`. */
    preprocessor?: string;
  };
  frontEnd: FrontEnd;
  /** Feature frames for each encoder frame (8 in Parakeet). */
  subsamplingFactor: number;
  maxSegmentSeconds: number;
  languages: readonly string[];
  languageRequired: boolean;
  punctuation: boolean;
};
