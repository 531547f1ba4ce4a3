// How many deliveries one receiver may have under way in this process. One that does not answer holds each for as long as
// a try may take; what waits for it comes back the later, the more of it waits.

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

export type OriginSlots = {
  /** A slot, to be released once, with whether the receiver answered; or in how many ms to ask again. */
  take: (
    url: string,
  ) =>
    | { release: (isAnswered: boolean) => void; pauseMs?: never }
    | { release?: never; pauseMs: number };
};

export function createOriginSlots(slotsPerOrigin: number): OriginSlots {
  /** Of receivers with something under way; `postponed` counts since the last answer. */
  const origins = new Map<string, { taken: number; postponed: number }>();
  return {
    take(url) {
      const { origin } = new URL(url);
      const state = origins.get(origin) ?? { taken: 0, postponed: 0 };
      if (state.taken >= slotsPerOrigin) {
        const rounds = Math.ceil(++state.postponed / slotsPerOrigin);
        return { pauseMs: Math.min(SHORTEST_PAUSE_MS * rounds, LONGEST_PAUSE_MS) };
      }
      state.taken++;
      origins.set(origin, state);
      return {
        release: (isAnswered) => {
          state.taken--;
          if (isAnswered) state.postponed = 0;
          if (state.taken === 0) origins.delete(origin);
        },
      };
    },
  };
}
