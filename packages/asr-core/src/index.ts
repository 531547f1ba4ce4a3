export { AsrError, asrErrors, type AsrErrorCode } from './errors.js';
export {
  SAMPLE_RATE_HZ,
  type Segment,
  type Token,
  type Word,
  type WordTiming,
  wordTimings,
} from './transcript.js';
export {
  type DecodingOptions,
  type DecodingRemark,
  type FrontEnd,
  type ModelDescription,
  type ModelFamily,
  type ModelFiles,
  type ModelSwitches,
  type RecognizeOptions,
  type RecognizedSegment,
  type Recognizer,
  type RecognizerCapabilities,
  type RecognizerTimings,
  type SegmentAudio,
  type SegmentResult,
  type SegmentWord,
  type WordPlace,
} from './recognizer.js';
export { loadRecognizer, isModelFamily } from './load-recognizer.js';
export {
  transcribeAudio,
  type TranscribeOptions,
  type TranscribeProgress,
} from './transcribe-audio.js';
export { cutChunks, type CutChunk, type CutChunksOptions } from './cut-chunks.js';
export { recognizeChunk, type RecognizeChunkOptions } from './recognize-chunk.js';
export {
  guardKinds,
  guardOutcomes,
  type GuardEvent,
  type GuardKind,
  type GuardOutcome,
} from './guards/guard-event.js';
export { type UseBetterTier } from './guards/hear-guarded.js';
export { type ChunkResult } from './recognize-segments.js';
export {
  joinChunks,
  type AudioTranscript,
  type ChannelTranscript,
  type PreparedSpeech,
} from './join-chunks.js';
export { type ChunkPlan } from './speech/plan-chunks.js';
export {
  type Inference,
  type RecognizeRequest,
  type SpeechListener,
} from './inference/inference.js';
export { openLanePool, type LanePoolOptions } from './inference/lane-pool.js';
export {
  startInferenceProcess,
  type InferenceProcess,
  type InferenceProcessOptions,
} from './inference/inference-client.js';
export {
  planLaneBytes,
  planLaneCount,
  readMachineLimits,
  type MachineLimits,
} from './runtime/lane-plan.js';
export {
  createAudioDecoder,
  type AudioDecoder,
  type AudioDecoderOptions,
  type AudioLimits,
  type OpenAudioOptions,
  type ProbeAudioOptions,
} from './audio/audio-decoder.js';
export { type ChannelChoice } from './audio/audio-filters.js';
export { type Damage } from './audio/damage.js';
export { type FlacOptions, type ReadFlacOptions } from './audio/flac.js';
export { type DecodeOutcome, type OpenedAudio } from './audio/decode-audio.js';
export { type AudioTrack, type RecordingInfo } from './audio/probe-audio.js';
export { alignWords, toComparableWord, type AlignmentStep } from './align/align-words.js';
export { checkGraphs, type GraphReport } from './models/check-graphs.js';
export { type GraphSignature, type TensorSignature } from './runtime/graph-signature.js';
export { checkLanguage } from './models/check-language.js';
export { createVadState, type VadResult, type VadState } from './speech/silero-vad.js';
export { type AudioBudget } from './inference/audio-budget.js';
export { type SegmentLimits } from './speech/plan-segments.js';
export { type SpeechOptions, type SpeechRegion } from './speech/find-speech.js';
