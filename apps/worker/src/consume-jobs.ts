// ② The queues of one model and tier: tickets in, work done, errors judged. What a ticket comes to is decided here and
// nowhere else: acknowledged, handed back, tried again, or failed for good.

import { isFinal } from '@stenofleet/shared/job';
import { type Attempt, type Standing } from '@stenofleet/shared/ledger';
import {
  type ChunkTicket,
  type JobTicket,
  planRetryPause,
  type QueueCatalogue,
} from '@stenofleet/shared/queue';
import {
  type Job,
  UnrecoverableError,
  WaitingChildrenError,
  WaitingError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { type Redis } from 'ioredis';
import { createCheckpoints, removeScratch } from './checkpoints.js';
import { tellsCrash } from './is-crash.js';
import { type PlanBasis } from './job-run.js';
import { judgeFailure, type Verdict } from './judge-failure.js';
import { recognizeChunkTicket } from './recognize-chunk.js';
import { runJob } from './run-job.js';
import { type ServedModel } from './served-models.js';
import { StoppedError, type WorkRegistry } from './work-registry.js';
import { type WorkerContext } from './worker-context.js';

/** Rollouts and lost hosts must not fail a job: what loops for another reason is caught below. */
const MAX_STALLS_OF_QUEUE = 1_000_000;
/** So often a ticket's host vanished while it was in hand. It is most likely the recording that ends them. */
const MAX_STALLS = 50;
/** How long a host without room for a model leaves its tickets to others. */
const NO_ROOM_PAUSE_MS = 60_000;

export type ConsumeOptions = {
  model: ServedModel;
  /** Waits for Redis as long as it takes. Stays the caller's. */
  connection: Redis;
  catalogue: QueueCatalogue;
  registry: WorkRegistry;
  numJobs: number;
  numChunks: number;
  lockMs: number;
  /** Whether this host takes nothing new. */
  isDraining: () => boolean;
};

export interface Consumer {
  start(): void;
  /** Takes nothing new, and resolves when everything in hand has ended. */
  close(): Promise<void>;
}

type JobData = JobTicket & Partial<PlanBasis>;

export function createConsumer(options: ConsumeOptions, context: WorkerContext): Consumer {
  const { model, catalogue, registry, isDraining } = options;
  const { ledger, storage, log, metrics, hostId } = context;
  let noRoomTimer: NodeJS.Timeout | undefined;

  const processJob = async (ticket: Job<JobData>): Promise<void> => {
    if (isDraining()) await handBack(ticket);
    const { jobId } = ticket.data;
    if (ticket.stalledCounter >= MAX_STALLS) await giveUpJob(ticket);
    const record = await ledger.startAttempt(jobId, hostId);
    if (!record) {
      await dropJob(ticket);
      return;
    }
    const attempt = { jobId, attempt: record.attempt, life: record.spec.createdAtMs };
    const work = registry.begin('job', jobId);
    log.debug({ job: jobId, attempt: record.attempt }, 'attempt begins');
    try {
      const outcome = await runJob(
        {
          ...{ record, attempt, model, work },
          known: ticket.data,
          queuedAtMs: ticket.timestamp,
          isSuspect: tellsCrash(ticket.failedReason),
          rememberPlan: (basis) => ticket.updateData({ jobId, ...basis }),
          waitForChunks: () => ticket.moveToWaitingChildren(getToken(ticket)),
        },
        context,
      );
      if (outcome.status === 'waiting') throw new WaitingChildrenError();
      const { quality } = outcome.result;
      log.info({ job: jobId, attempt: record.attempt, quality }, 'job finished');
      await acknowledge(ticket);
    } catch (error) {
      if (error instanceof WaitingChildrenError || error instanceof UnrecoverableError) throw error;
      const verdict = await reconsider(
        judgeFailure(error, { ...getTries(ticket), signal: work.signal }),
        attempt,
      );
      tell(verdict, error, { job: jobId, attempt: record.attempt });
      await settleJob(ticket, attempt, verdict);
    } finally {
      work.end();
    }
  };

  const settleJob = async (ticket: Job<JobData>, attempt: Attempt, verdict: Verdict) => {
    // Whatever the work came to, the ledger knows whether the job is still ours.
    const standing = await tellLedger(attempt, verdict);
    if (standing === 'superseded' || verdict.kind === 'leave') throw new WaitingError();
    if (standing === 'cancelled' || verdict.kind === 'cancelled') {
      await removeScratch(storage, attempt.jobId);
      await acknowledge(ticket);
      return;
    }
    if (verdict.kind === 'hand-back') await handBack(ticket, verdict);
    else if (verdict.kind === 'retry') throw toFailure(verdict);
    // Scratch stays: a retry that the user asks for redoes only what failed.
    else throw new UnrecoverableError(describe(verdict));
  };

  /** Progress of a job that is over is refused as of one that is cancelled; and a cancelled one may be asked for again. */
  const reconsider = async (verdict: Verdict, attempt: Attempt): Promise<Verdict> => {
    if (verdict.kind !== 'cancelled') return verdict;
    const standing = await ledger.checkStanding(attempt).catch(() => 'cancelled' as const);
    return standing === 'superseded' ? { kind: 'leave' } : verdict;
  };

  const tellLedger = async (attempt: Attempt, verdict: Verdict): Promise<Standing> => {
    switch (verdict.kind) {
      case 'leave':
        return 'superseded';
      case 'cancelled':
        return 'cancelled';
      case 'hand-back':
        return ledger.handBack(attempt, verdict.noRoom);
      case 'retry':
        // Where Redis is away, the ticket comes back all the same, and begins a new attempt.
        return ledger.handBack(attempt, verdict.error).catch(() => 'current' as const);
      case 'fail':
        return ledger.finishAttempt(attempt, { status: 'failed', error: verdict.error });
    }
  };

  /** Nobody wants it any more. */
  const dropJob = async (ticket: Job<JobData>) => {
    const { jobId } = ticket.data;
    const record = await ledger.getJob(jobId);
    if (!record || record.status === 'cancelled' || record.status === 'done') {
      await removeScratch(storage, jobId);
    }
    await acknowledge(ticket);
  };

  /** A ticket with chunks in hand cannot be completed, but it can be failed; the ledger knows better anyway. */
  const acknowledge = async (ticket: Job<JobData>) => {
    // Only a job with chunks has a fingerprint.
    if (ticket.data.fingerprint === undefined) return;
    const { unprocessed = 0 } = await ticket.getDependenciesCount({ unprocessed: true });
    if (unprocessed > 0) throw new UnrecoverableError('It is over; chunks of it are in hand.');
  };

  const giveUpJob = async (ticket: Job<JobData>) => {
    const message = `The worker was lost ${ticket.stalledCounter} times while it had the job in hand.`;
    await ledger.failJob(ticket.data.jobId, { code: 'WORKER_LOST', message, retryable: false });
    throw new UnrecoverableError(message);
  };

  const processChunk = async (ticket: Job<ChunkTicket>): Promise<void> => {
    if (isDraining()) await handBack(ticket);
    const { jobId, index } = ticket.data;
    const work = registry.begin('chunk', jobId);
    const isSuspect = tellsCrash(ticket.failedReason);
    log.debug({ job: jobId, chunk: index }, 'chunk begins');
    try {
      if (ticket.stalledCounter >= MAX_STALLS) {
        const message = `The worker was lost ${ticket.stalledCounter} times while it had the chunk in hand.`;
        const error = { code: 'WORKER_LOST', message, retryable: false };
        await settleChunk(ticket, { kind: 'fail', error });
      }
      await recognizeChunkTicket({ ticket: ticket.data, model, work, isSuspect }, context);
    } catch (error) {
      if (error instanceof UnrecoverableError) throw error;
      const verdict = judgeFailure(error, { ...getTries(ticket), signal: work.signal });
      tell(verdict, error, { job: jobId, chunk: index });
      await settleChunk(ticket, verdict);
    } finally {
      work.end();
    }
  };

  const settleChunk = async (ticket: Job<ChunkTicket>, verdict: Verdict): Promise<void> => {
    switch (verdict.kind) {
      case 'leave':
        throw new WaitingError();
      case 'cancelled':
        return;
      case 'hand-back':
        return handBack(ticket, verdict);
      case 'retry':
        throw toFailure(verdict);
      case 'fail':
        await keepFailure(ticket.data, verdict);
        throw new UnrecoverableError(describe(verdict));
    }
  };

  const keepFailure = async (
    { jobId, index, fingerprint }: ChunkTicket,
    { error }: Extract<Verdict, { kind: 'fail' }>,
  ) => {
    // Its evidence lies there already.
    if (error.code === 'CHUNK_CRASHES_MODEL') return;
    const { signal } = new AbortController();
    await createCheckpoints(storage, { jobId, fingerprint, signal }).writeFailure(index, {
      ...{ error, host: hostId, model: model.key },
      failedAtMs: context.now(),
    });
  };

  /** Puts a ticket back where it was, for whoever is next. */
  const handBack = async (ticket: Job, { noRoom }: { noRoom?: unknown } = {}): Promise<never> => {
    if (noRoom !== undefined) pauseForRoom();
    await ticket.moveToWait(getToken(ticket));
    throw new WaitingError();
  };

  const pauseForRoom = () => {
    if (noRoomTimer) return;
    const resume = () => {
      noRoomTimer = undefined;
      if (!isDraining()) workers.forEach((worker) => void worker.resume());
    };
    noRoomTimer = setTimeout(resume, NO_ROOM_PAUSE_MS).unref();
    // Not awaited: it would wait for the very work that asks for it.
    workers.forEach((worker) => void worker.pause(true));
  };

  const tell = (verdict: Verdict, cause: unknown, place: Record<string, unknown>) => {
    switch (verdict.kind) {
      case 'leave':
        log.warn(place, 'another attempt has taken over; nothing was written');
        break;
      case 'cancelled':
        log.info(place, 'cancelled');
        break;
      case 'hand-back':
        log.info({ ...place, error: verdict.noRoom }, 'handed back');
        break;
      case 'retry':
      case 'fail': {
        const { error, kind } = verdict;
        metrics.countError(error.code);
        // A defect shows where it arose.
        const shown = error.code === 'INTERNAL' ? { ...place, err: cause } : place;
        log.warn({ ...shown, error }, kind === 'retry' ? 'failed, to be tried again' : 'failed');
      }
    }
  };

  const common: WorkerOptions = {
    connection: options.connection,
    prefix: catalogue.prefix,
    autorun: false,
    lockDuration: options.lockMs,
    stalledInterval: options.lockMs / 2,
    maxStalledCount: MAX_STALLS_OF_QUEUE,
    settings: { backoffStrategy: (tries) => planRetryPause(tries, Math.random()) },
  };
  const jobs = new Worker<JobData>(catalogue.jobs(model.model, model.tier), processJob, {
    ...common,
    concurrency: options.numJobs,
  });
  const chunks = new Worker<ChunkTicket>(catalogue.chunks(model.model, model.tier), processChunk, {
    ...common,
    concurrency: options.numChunks,
  });
  const workers = [jobs, chunks] as const;
  // A job that another host has taken is not worth going on with; a chunk's result is welcome whoever makes it.
  jobs.on('lockRenewalFailed', (ids) => {
    for (const id of ids) void stopIfLost(id);
  });
  for (const worker of workers) {
    worker.on('error', (error) => log.warn({ queue: worker.name, reason: error.message }, 'queue'));
  }

  const stopIfLost = async (jobId: string) => {
    const record = await ledger.getJob(jobId).catch(() => undefined);
    if (record && (record.worker !== hostId || isFinal(record.status))) {
      registry.stopJob(jobId, 'superseded');
    }
  };

  return {
    start() {
      for (const worker of workers) {
        worker
          .run()
          .catch((error: unknown) => log.error({ err: error, queue: worker.name }, 'queue'));
      }
    },
    async close() {
      clearTimeout(noRoomTimer);
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

function getToken({ token }: Job): string {
  if (token === undefined) throw new StoppedError('superseded');
  return token;
}

function getTries({ attemptsMade, opts }: Job): { made: number; max: number } {
  return { made: attemptsMade, max: opts.attempts ?? 1 };
}

/** What the queue keeps of a failure; `tellsCrash` reads it. */
function toFailure(verdict: Extract<Verdict, { kind: 'retry' | 'fail' }>): Error {
  const failure = new Error(describe(verdict));
  failure.stack = '';
  return failure;
}

function describe({ error }: Extract<Verdict, { kind: 'retry' | 'fail' }>): string {
  return `${error.code}: ${error.message}`;
}
