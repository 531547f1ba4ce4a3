import { type AudioBudget } from './audio-budget.js';
import {
  type DecodingOptions,
  type RecognizerCapabilities,
  type RecognizerTimings,
  type SegmentResult,
} from '../recognizer.js';
import { type VadResult, type VadState } from '../speech/silero-vad.js';

export type RecognizeRequest = {
  /** Mono, −1…1, 16 kHz. The buffer may be moved away: it must be the caller's own and not be used afterwards. */
  samples: Float32Array;
  decoding?: DecodingOptions;
  /** Takes effect between two model runs; the promise rejects at once. */
  signal?: AbortSignal;
};

/** Speech detection in one recording. */
export interface SpeechListener {
  /**
   * Judges the next block of each channel: equal lengths, all but the last a multiple of 512 samples. The arrays stay
   * the caller's, unchanged until it is answered. The next block may be given before that: so a lane goes on at once.
   * Goes before waiting segments. @throws AsrError
   */
  hear(block: readonly Float32Array[], signal?: AbortSignal): Promise<VadResult[]>;
  /** Forgets the recording; what was asked for is still answered. */
  close(): void;
}

/** Where inference happens: threads of this process, or a process of its own. */
export interface Inference {
  readonly laneCount: number;
  readonly capabilities: RecognizerCapabilities;
  /** To be asked before audio is cut for `recognize`; shared by all recordings. */
  readonly budget: AudioBudget;
  /** Recognises one segment. Waiting segments are taken longest first. @throws AsrError */
  recognize(request: RecognizeRequest): Promise<SegmentResult>;
  /** Begins with a recording, or goes on with one that was heard before; one state for each channel. */
  listen(states?: readonly VadState[]): SpeechListener;
  /** Time spent in all lanes so far. */
  getTimings(): Promise<RecognizerTimings>;
  /** Lets running work finish, rejects what waits (`CANCELLED`), refuses new work, and gives everything back. */
  close(): Promise<void>;
}
