// The fleet's memory in Redis beside the queue: every accepted job, its state, its batch and what is told of it. The
// queue (BullMQ) says who works on what; the ledger says what is true. All changes are single scripts, so that counts,
// indexes and events never disagree.

import { type WireError } from '../errors/wire-error.js';
import {
  type BatchRecord,
  type BatchRequest,
  type FleetEvent,
  type JobRecord,
  type JobResult,
  type JobSpec,
  type JobStatus,
  type JobStep,
  type RefusedItem,
} from '../job/index.js';

export type Page<Item> = { items: Item[]; next?: string };

export type ListJobsOptions = {
  tenant: string;
  status?: JobStatus;
  batch?: string;
  /** Newest first; for a batch in the order of its items. */
  cursor?: string;
  limit: number;
};

export type Quota = { maxOpenJobs?: number; maxAudioSecondsPerDay?: number };

export type Created =
  | { kind: 'created'; record: JobRecord }
  /** The same recording with the same options, or the same idempotency key, has a job already. */
  | { kind: 'existing'; record: JobRecord }
  /** Another job publishes under that name. */
  | { kind: 'output-taken'; by: string }
  | { kind: 'quota'; limit: 'jobs' | 'audio'; retryAfterSeconds: number };

/** What an attempt may do: everything it writes is refused (`superseded`) once another has begun. */
export type Attempt = {
  jobId: string;
  attempt: number;
  /**
   * `createdAtMs` of its record: attempts are counted anew in a record that was removed and made again.
   * @defaultValue whichever record there is
   */
  life?: number;
};
export type Standing = 'current' | 'superseded' | 'cancelled';

export type Outcome =
  | { status: 'done' | 'partial'; result: JobResult; error?: WireError }
  | { status: 'failed'; error: WireError };

/** Methods throw CodedError `REDIS_UNAVAILABLE` when Redis stays away for longer than the connection's patience. */
export interface Ledger {
  /** Records a job as queued, with its place in the queue's order, its indexes, counts and the claim on its output. */
  createJob(spec: JobSpec, options?: { quota?: Quota; item?: number }): Promise<Created>;
  /** Records a job that an earlier life finished and whose manifest tells so. */
  restoreJob(record: JobRecord, options?: { item?: number }): Promise<void>;
  getJob(id: string): Promise<JobRecord | undefined>;
  getJobs(ids: readonly string[]): Promise<(JobRecord | undefined)[]>;
  listJobs(options: ListJobsOptions): Promise<Page<JobRecord>>;

  /** Takes the job for a new attempt; undefined where it is final or gone (then there is nothing to do). */
  startAttempt(jobId: string, host: string): Promise<JobRecord | undefined>;
  checkStanding(attempt: Attempt): Promise<Standing>;
  reportStep(attempt: Attempt, step: JobStep, audioSeconds?: number): Promise<Standing>;
  /**
   * Audio seconds done of one chunk (absolute, not added). Anybody who works on a chunk of the job may report, hence no
   * attempt; `superseded` is not among the answers.
   */
  reportChunk(jobId: string, chunk: { index: number; doneSeconds: number }): Promise<Standing>;
  /** Counts a crash of the inference process on a chunk; answers how many there were. */
  countCrash(jobId: string, index: number): Promise<number>;
  /** Forgets the crashes of chunks, before a retry that the user asked for. */
  clearCrashes(jobId: string): Promise<void>;
  finishAttempt(attempt: Attempt, outcome: Outcome): Promise<Standing>;
  /** Before the job waits for its chunks: the attempt that goes on with it then is none of its own to who counts them. */
  leaveToChunks(attempt: Attempt): Promise<Standing>;
  /** Back to queued: to be tried again (`error`), or handed back by a host that stops. Counts as no failure. */
  handBack(attempt: Attempt, error?: WireError): Promise<Standing>;
  /** Ends a job for which no attempt lives (its worker was lost too often). */
  failJob(jobId: string, error: WireError): Promise<JobRecord | undefined>;
  /** Cancels what is not final and tells all hosts; answers the record as it is then. */
  cancelJob(jobId: string): Promise<JobRecord | undefined>;
  /**
   * failed, partial or cancelled → queued. Undefined where the job is in another state.
   * @throws CodedError `QUOTA_EXCEEDED`: it would be one open job too many
   */
  requeueJob(jobId: string, options?: { quota?: Quota }): Promise<JobRecord | undefined>;
  /** Removes a final job's record, indexes and claim. */
  removeJob(jobId: string): Promise<boolean>;
  /** Ids of queued and running jobs that nobody has touched since then, oldest first. */
  listQuiet(beforeMs: number, limit: number): Promise<string[]>;
  /** Removes records whose retention has passed; answers how many. */
  removeExpired(nowMs: number): Promise<number>;

  createBatch(batch: {
    id: string;
    tenant: string;
    request: BatchRequest;
    requestFingerprint?: string;
    createdAtMs: number;
  }): Promise<{ kind: 'created' | 'existing'; record: BatchRecord }>;
  getBatch(id: string): Promise<BatchRecord | undefined>;
  listBatches(options: {
    tenant: string;
    cursor?: string;
    limit: number;
  }): Promise<Page<BatchRecord>>;
  /** How far the input has been read: what was refused on the way is kept for the report. */
  advanceBatch(
    id: string,
    progress: { itemsRead: number; cursor?: string; refused: readonly RefusedItem[] },
  ): Promise<void>;
  /** The input has been read to its end, or not (`error`). */
  completeExpansion(id: string, error?: WireError): Promise<void>;
  /** No more jobs are to come of it; its jobs are cancelled one by one by the caller. */
  cancelBatch(id: string): Promise<BatchRecord | undefined>;
  listRefused(id: string, options: { offset: number; limit: number }): Promise<RefusedItem[]>;
  removeBatch(id: string): Promise<boolean>;

  /** Events after `after` (exclusive; `$` = from now on), waiting up to `waitMs` for the first. */
  readEvents(
    after: string,
    options: { waitMs: number; limit: number; signal?: AbortSignal },
  ): Promise<FleetEvent[]>;
  /** Id of the newest event, for a snapshot that events are to follow. */
  getLastEventId(): Promise<string>;
  getBacklog(): Promise<BacklogEntry[]>;
  getUsage(tenant: string): Promise<{ openJobs: number; audioSecondsToday: number }>;
}

/** Work of one model and tier. */
export type BacklogEntry = {
  model: string;
  tier: string;
  queuedJobs: number;
  runningJobs: number;
  /** Audio seconds of queued and running jobs that are not done yet; jobs of unknown length count as the average one. */
  openSeconds: number;
  /** Since the fleet's beginning. */
  finishedJobs: number;
  finishedSeconds: number;
  computeSeconds: number;
};
