// What parent, inference process and lanes say to one another. Errors travel as values: classes do not survive.

import { type WireError } from '../errors.js';
import {
  type DecodingOptions,
  type ModelDescription,
  type RecognizedSegment,
  type RecognizerCapabilities,
  type RecognizerTimings,
  type SegmentResult,
} from '../recognizer.js';
import { type VadResult, type VadState, type VadStream } from '../speech/silero-vad.js';
import { type RecognizeRequest } from './inference.js';

export type Reply<Value> = { ok: true; value: Value } | { ok: false; error: WireError };

/** What a lane opens, once. */
export type LaneOptions = {
  model: ModelDescription;
  vadPath: string;
  /** One `Int32` in shared memory, counted up with every model run. */
  pulse?: Int32Array;
};

export type LaneDescription = { capabilities: RecognizerCapabilities; batchSize: number };

/** Tasks of a lane: the exported functions of `inference-lane.ts`. */
export type RecognizeTask = {
  segments: { samples: Float32Array }[];
  decoding?: DecodingOptions;
  /** One `Int32` in shared memory; non-zero asks the lane to stop before its next run. */
  cancelFlag?: Int32Array;
};
export type DetectSpeechTask = { streams: VadStream[] };

export type LaneResult = { results: RecognizedSegment[]; timings: RecognizerTimings };

/** Parent → inference process. */
export type ParentMessage =
  | { kind: 'start'; lane: Omit<LaneOptions, 'pulse'>; laneCount: number }
  | ({ kind: 'recognize'; id: number; scope?: number } & Omit<RecognizeRequest, 'signal'>)
  /** `states` come with the first block that this process gets of a recording of which another has heard some. */
  | {
      kind: 'hear';
      id: number;
      listener: number;
      block: Float32Array[];
      states?: VadState[];
      scope?: number;
    }
  | { kind: 'forget'; listener: number }
  | { kind: 'get-timings'; id: number }
  | { kind: 'cancel'; scope: number }
  | { kind: 'close' };

/** Inference process → parent. */
export type ChildMessage =
  /** Model runs were finished since the last message of this kind. */
  | { kind: 'alive' }
  | { kind: 'ready'; reply: Reply<{ capabilities: RecognizerCapabilities }> }
  | { kind: 'reply'; id: number; reply: Reply<SegmentResult | VadResult[] | RecognizerTimings> };
