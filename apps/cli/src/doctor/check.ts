/** One line of `steno doctor`. */
export type Check = {
  state: 'ok' | 'warning' | 'bad';
  what: string;
  value: string;
  /** What to do about it. */
  advice?: string;
};
