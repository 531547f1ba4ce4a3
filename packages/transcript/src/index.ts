export {
  createTranscriptDocument,
  type RecognizedWord,
  type TranscriptInput,
  type TranscriptRemark,
} from './create-transcript-document.js';
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
export {
  parseTranscriptDocument,
  TRANSCRIPT_SCHEMA,
  TRANSCRIPT_VERSION,
  type TranscriptDocument,
  transcriptDocumentSchema,
  type TranscriptFlag,
  transcriptFlagCodes,
  type TranscriptFlagCode,
  type TranscriptSegment,
  type TranscriptWord,
} from './transcript-document.js';
export { TranscriptError, type TranscriptErrorCode } from './transcript-error.js';
