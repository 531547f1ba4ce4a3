/** One way to run a model over stretches of speech. */
export type Contestant = {
  name: string;
  /** Ours; the other with a thread setting of its own; the other called for several stretches at once. */
  role: 'ours' | 'thread-setting' | 'concurrent-calls';
  /** Cores it may keep busy. */
  cores: number;
  /** Recognises every stretch and counts the words; leaves the samples as they are. */
  recognizeAll(stretches: readonly Float32Array[]): Promise<{ words: number }>;
  /** Share of our lanes' time outside model runs so far, 0 to 1; only ours can tell. */
  getOutsideShare?(): Promise<number>;
  close(): Promise<void>;
};

export type Outcome = {
  contestant: Contestant;
  /** Wall-clock seconds of each round, in order. */
  roundSeconds: number[];
  /** Processor seconds of each round, all threads together: other work on the machine counts less here. */
  cpuSeconds: number[];
  words: number;
};

/** Lets the contestants take turns (A B C A B C …), so that a busy moment of the machine strikes all alike. */
export async function runRounds(
  contestants: readonly Contestant[],
  { stretches, numRounds }: { stretches: readonly Float32Array[]; numRounds: number },
): Promise<Outcome[]> {
  const outcomes = contestants.map((contestant): Outcome => ({
    contestant,
    roundSeconds: [],
    cpuSeconds: [],
    words: 0,
  }));
  for (let round = 0; round < numRounds; round++) {
    for (const outcome of outcomes) {
      const cpuBefore = process.cpuUsage();
      const started = performance.now();
      const { words } = await outcome.contestant.recognizeAll(stretches);
      outcome.roundSeconds.push((performance.now() - started) / 1000);
      const { user, system } = process.cpuUsage(cpuBefore);
      outcome.cpuSeconds.push((user + system) / 1e6);
      outcome.words = words;
    }
  }
  return outcomes;
}
