// Who is there: every worker announces itself and what it serves, every few seconds.

import { z } from 'zod';

export const hostSchema = z.object({
  /** Host name, pid and a random part: one life of one worker. */
  id: z.string(),
  hostname: z.string(),
  pid: z.number(),
  version: z.string(),
  state: z.enum(['starting', 'serving', 'draining']),
  lanes: z.number(),
  models: z.array(
    z.object({
      model: z.string(),
      tier: z.string(),
      name: z.string(),
      family: z.string(),
      isDefaultTier: z.boolean(),
      languages: z.array(z.string()),
      languageRequired: z.boolean(),
      maxSegmentSeconds: z.number(),
      demo: z.boolean(),
      /** Pid of its inference process, while one runs. */
      inferencePid: z.number().optional(),
    }),
  ),
  jobs: z.number(),
  chunks: z.number(),
  audioSecondsDone: z.number(),
  computeSeconds: z.number(),
  seenAtMs: z.number(),
});
export type HostRecord = z.infer<typeof hostSchema>;

export interface HostRegistry {
  announce(host: HostRecord): Promise<void>;
  withdraw(id: string): Promise<void>;
  /** Hosts that were seen within the last `withinMs` (@defaultValue 20000); forgets older ones. */
  list(withinMs?: number): Promise<HostRecord[]>;
}
