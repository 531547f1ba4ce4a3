import { type VadResult, type VadState } from '../speech/silero-vad.js';
import { withResolvers } from './inference-child.js';
import { type SpeechListener } from './inference.js';

/** What a process is told: `states` where it has not heard what came before. */
type HeardBlock = { block: Float32Array[]; states?: VadState[] };

export type RemoteListenerOptions<Holder> = {
  states: readonly VadState[] | undefined;
  /** Asks a process; `compose` is called in the moment when it is sent, with the process that gets it. */
  ask: (compose: (target: Holder) => HeardBlock, signal?: AbortSignal) => Promise<VadResult[]>;
  /** Tells the process that remembers the recording to forget it. */
  forget: (holder: Holder) => void;
};

/** A listener whose recording is remembered by another process, or by the next one when that is replaced. */
export function createRemoteListener<Holder>({
  states: latest,
  ask,
  forget,
}: RemoteListenerOptions<Holder>): SpeechListener {
  let holder: Holder | undefined;
  let failure: Error | undefined;
  /** Blocks are sent one behind the other, however long each has to wait for a process; none behind one that failed. */
  let sentBefore = Promise.resolve<undefined>(undefined);
  const compose = (block: readonly Float32Array[], target: Holder): HeardBlock => {
    const isNew = target !== holder;
    holder = target;
    // Before there is a new process, all that was asked of the old one is answered.
    return { block: [...block], ...(isNew && latest && { states: [...latest] }) };
  };

  return {
    async hear(block, signal) {
      const before = sentBefore;
      const sent = withResolvers<undefined>();
      sentBefore = sent.promise;
      try {
        await before;
        if (failure) throw failure;
        const results = await ask((target) => {
          sent.resolve(undefined);
          return compose(block, target);
        }, signal);
        latest = results.map(({ state }) => state);
        return results;
      } catch (error) {
        failure = error as Error;
        throw error;
      } finally {
        sent.resolve(undefined);
      }
    },
    close() {
      if (holder !== undefined) forget(holder);
    },
  };
}
