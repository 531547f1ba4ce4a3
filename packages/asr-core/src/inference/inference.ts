import { type AudioBudget } from './audio-budget.js';
import {
  type DecodingOptions,
  type RecognizerCapabilities,
  type RecognizerTimings,
  type SegmentResult,
} from '../recognizer.js';
import { type VadResult, type VadStream } from '../speech/silero-vad.js';

export type RecognizeRequest = {
  /** Mono, −1…1, 16 kHz. The buffer may be moved away: it must be the caller's own and not be used afterwards. */
  samples: Float32Array;
  decoding?: DecodingOptions;
  /** Takes effect between two model runs; the promise rejects at once. */
  signal?: AbortSignal;
};

/** Where inference happens: threads of this process, or a process of its own. */
export interface Inference {
  readonly laneCount: number;
  readonly capabilities: RecognizerCapabilities;
  /** To be asked before audio is cut for `recognize`; shared by all recordings. */
  readonly budget: AudioBudget;
  /** Recognises one segment. Waiting segments are taken longest first. @throws AsrError */
  recognize(request: RecognizeRequest): Promise<SegmentResult>;
  /** Judges the next block of each stream; goes before waiting segments. Takes `samples` as above. @throws AsrError */
  detectSpeech(streams: readonly VadStream[], signal?: AbortSignal): Promise<VadResult[]>;
  /** Time spent in all lanes so far. */
  getTimings(): Promise<RecognizerTimings>;
  /** Lets running work finish, rejects what waits (`CANCELLED`), refuses new work, and gives everything back. */
  close(): Promise<void>;
}
