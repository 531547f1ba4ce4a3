// What every piece of work on this host is done with; wired in main.ts.

import { type AudioDecoder } from '@stenofleet/asr-core';
import { type Ledger } from '@stenofleet/shared/ledger';
import { type Log } from '@stenofleet/shared/log';
import { type QueueSet } from '@stenofleet/shared/queue';
import { type SourceReader } from '@stenofleet/shared/source';
import { type ObjectStore } from '@stenofleet/shared/storage';
import { type InferenceHost } from './inference-host.js';
import { type WorkerMetrics } from './metrics.js';

export type WorkerContext = {
  ledger: Ledger;
  queues: QueueSet;
  /** The fleet's own: scratch. */
  storage: ObjectStore;
  /** Of an output prefix. */
  openStore: (url: string) => ObjectStore;
  sources: SourceReader;
  decoder: AudioDecoder;
  inference: InferenceHost;
  metrics: WorkerMetrics;
  log: Log;
  /** This life of this worker. */
  hostId: string;
  /** For downloads and chunks in hand. */
  workFolder: string;
  chunkSeconds: number;
  /** Component → version, for documents. */
  versions: Record<string, string>;
  /** ms since 1970. */
  now: () => number;
};
