export {
  createTranscriptDocument,
  type RecognizedWord,
  type TranscriptInput,
  type TranscriptRemark,
} from './create-transcript-document.js';
export {
  describeOptions,
  describeTranscript,
  type HeardRecording,
  type SpeechOptions,
  type TranscriptMaker,
} from './describe-transcript.js';
export { type Cue, type CueRules, defaultCueRules } from './cues/cue.js';
export { type CueWord } from './cues/cue-pieces.js';
export { type CueSource, planCues } from './cues/plan-cues.js';
export { type CueViolation, type CueViolationName, validateCues } from './cues/validate-cues.js';
export {
  createTranscriptFormatter,
  type FormatOptions,
  formatTranscript,
  transcriptFileExtensions,
  type TranscriptFormat,
  transcriptFormats,
} from './formats/format-transcript.js';
export { summarizeQuality } from './quality.js';
export {
  parseTranscriptDocument,
  TRANSCRIPT_SCHEMA,
  TRANSCRIPT_VERSION,
  type TranscriptDocument,
  transcriptDocumentSchema,
  type TranscriptFlag,
  transcriptFlagCodes,
  type TranscriptFlagCode,
  type TranscriptQuality,
  type TranscriptSegment,
  type TranscriptWord,
  type WordTiming,
} from './transcript-document.js';
export { TranscriptError, type TranscriptErrorCode } from './transcript-error.js';
