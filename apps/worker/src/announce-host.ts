// Tells the fleet every few seconds that this host is here, and what it serves.

import { type HostRecord, type HostRegistry } from '@stenofleet/shared/ledger';
import { type ServedModel } from './served-models.js';

const INTERVAL_MS = 5_000;

export type AnnounceOptions = {
  hosts: HostRegistry;
  describe: () => HostRecord;
};

export interface HostAnnouncer {
  /** Tells it at once, such as when the state has changed. */
  tell(): Promise<void>;
  /** Says that the host is gone. */
  close(): Promise<void>;
}

/** A word that does not get through is made up for by the next. */
export function startAnnouncing({ hosts, describe }: AnnounceOptions): HostAnnouncer {
  let telling: Promise<void> = Promise.resolve();
  const tell = () => {
    telling = telling.then(() => hosts.announce(describe())).catch(() => undefined);
    return telling;
  };
  const timer = setInterval(() => void tell(), INTERVAL_MS);
  void tell();
  return {
    tell,
    async close() {
      clearInterval(timer);
      await telling;
      await hosts.withdraw(describe().id).catch(() => undefined);
    },
  };
}

export function describeModels(
  models: readonly ServedModel[],
  getPid: (key: string) => number | undefined,
): HostRecord['models'] {
  return models.map(({ key, model, tier, isDefaultTier, resolved }) => {
    const { name, family, languages, languageRequired, demo } = resolved.manifest;
    const inferencePid = getPid(key);
    return {
      ...{ model, tier, name, family, isDefaultTier, languages, languageRequired, demo },
      maxSegmentSeconds: resolved.description.maxSegmentSeconds,
      ...(inferencePid !== undefined && { inferencePid }),
    };
  });
}
