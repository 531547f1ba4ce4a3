import { type ErrorReport } from '../describe-error.js';
import { type RecordingOutcome } from '../transcribe/run-recordings.js';

/** A recording of a run, as the reporters know it. */
export type Ticket = { index: number; shown: string };

export type RunFacts = {
  count: number;
  laneCount: number;
  modelId: string;
  tier: string;
  /** Made for trying the system only. */
  isDemo: boolean;
};

export type RunSummary = {
  count: number;
  done: number;
  skipped: number;
  cancelled: number;
  failures: { shown: string; error: ErrorReport }[];
  /** Audio that was transcribed. */
  audioSeconds: number;
  elapsedSeconds: number;
  modelId: string;
  isDemo: boolean;
};

/** Tells a person or a program how a run goes. */
export interface Reporter {
  /** Whether it is worth probing recordings ahead of their turn. */
  readonly wantsDurations: boolean;
  runStarted(run: RunFacts): void;
  /** A recording's length, before or when it is opened; undefined where it cannot be known. */
  recordingMeasured(ticket: Ticket, durationSeconds: number | undefined): void;
  recordingStarted(ticket: Ticket): void;
  recordingProgress(ticket: Ticket, doneSeconds: number): void;
  recordingFinished(ticket: Ticket, outcome: RecordingOutcome): void;
  runFinished(summary: RunSummary): void;
  /** The run as a whole could not be, or was broken off. */
  runFailed(error: ErrorReport): void;
  /** Gives the terminal back. Idempotent. */
  close(): void;
}
