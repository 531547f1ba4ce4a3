export {
  AsrError,
  asrErrors,
  fromWireError,
  toWireError,
  type AsrErrorCode,
  type WireError,
} from './errors.js';
export { SAMPLE_RATE_HZ, type Segment, type Token, type Word } from './transcript.js';
export {
  type FrontEnd,
  type ModelDescription,
  type ModelFamily,
  type Piece,
  type RecognizeOptions,
  type Recognizer,
  type RecognizerCapabilities,
  type RecognizerTimings,
  type SegmentAudio,
  type SegmentResult,
} from './recognizer.js';
