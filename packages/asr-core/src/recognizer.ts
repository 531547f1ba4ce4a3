import { type Token, type WordTiming } from './transcript.js';

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

/** What the job says about the text; a model without such a choice ignores the last two. */
export type DecodingOptions = {
  /** BCP 47 code; must be one of `capabilities.languages`. */
  language?: string | undefined;
  /** Punctuation and case. @defaultValue true */
  punctuation?: boolean | undefined;
  /** Numbers and the like as they are written ("1984") rather than as they are said. @defaultValue false */
  inverseTextNormalization?: boolean | undefined;
};

export type RecognizeOptions = DecodingOptions & {
  /** Checked between model runs; throws `CANCELLED` when it answers true. */
  isCancelled?: () => boolean;
};

/** A piece as it goes into words: the token plus its vocabulary text. */
export type Piece = Token & { text: string };

/** Where in its segment a word lies, in samples from the first one of the segment's audio. */
export type WordPlace = { startSamples: number; endSamples: number; timing: WordTiming };

/** A word of one segment; what the model knows no place of has none. */
export type SegmentWord = {
  text: string;
  /** Mean softmax probability of the word's pieces, 0 to 1. */
  confidence: number;
  place?: WordPlace;
};

/** What a decoder says about its own work: facts for the guards, which judge them. */
export type DecodingRemark =
  /** It ran into the model's context limit without an end. */
  | { kind: 'cap-hit'; tokens: number }
  /** The text differs from the model's own draft in this share of words, 0 to 1 and beyond. */
  | { kind: 'draft-differs'; share: number };

/** What a model makes of one segment. */
export type RecognizedSegment = { words: SegmentWord[]; remarks: DecodingRemark[] };

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

export type ModelFamily = 'nemo-tdt' | 'nemo-ctc' | 'granite-nar' | 'cohere';

/**
 * How the features are made: by this package in one of two dialects, by a graph that comes with the model, or as the
 * encoder's own inputs ask (waveform or NeMo features).
 */
export type FrontEnd =
  | { kind: 'nemo-log-mel'; numMels: number }
  | { kind: 'granite-log-mel'; numMels: number }
  | { kind: 'graph'; numMels: number }
  | { kind: 'from-graph' };

/** Files that a family opens, each by its role; which of them it needs, the family knows. */
export type ModelFiles = {
  encoder: string;
  /** `nemo-tdt`. */
  decoderJoint?: string;
  /** `cohere`. */
  decoder?: string;
  /** `granite-nar`. */
  embedTokens?: string;
  editor?: string;
  /** Lines of `piece id`: `nemo-*`, and `cohere` with a waveform encoder. */
  vocabulary?: string;
  /** `tokenizer.json` and what belongs to it. */
  tokenizer?: string;
  tokenizerConfig?: string;
  /** NeMo's `config.json`, Granite's `granite_export_metadata.json`. */
  config?: string;
  /** The model's own feature graph, where `frontEnd.kind` is `graph`. */
  preprocessor?: string;
};

/** What only real weights can settle, and the family's default until then: docs/models/first-contact.md. */
export type ModelSwitches = Readonly<Record<string, string | number | boolean>>;

/**
 * An installed model and tier: what `@stenofleet/model-store` resolves and this package opens.
 * Paths are absolute. Sidecars (`.data`) need not be listed: the runtime finds them beside their graph.
 */
export type ModelDescription = {
  id: string;
  tier: string;
  /** One of {@link ModelFamily}; checked when the model is opened. */
  family: string;
  files: ModelFiles;
  /** Those that differ from the family's defaults. */
  switches?: ModelSwitches;
  /** CTC models that give a family without times its word times, one or more languages each. */
  aligners?: readonly ModelDescription[];
  frontEnd: FrontEnd;
  /** Feature frames for each encoder frame (8 in Parakeet). */
  subsamplingFactor: number;
  maxSegmentSeconds: number;
  languages: readonly string[];
  languageRequired: boolean;
  punctuation: boolean;
};
