import { join } from 'node:path';
import { type CliConfig } from './config.js';
import { type Style } from './terminal/style.js';

/** What every command gets. */
export type CliContext = {
  config: CliConfig;
  cwd: string;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  styles: { out: Style; err: Style };
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
  /** For a command that has to end others: how long it may take after Ctrl-C, in ms; a second one still ends it at once. */
  allowGoodbye: (ms: number) => void;
  now: () => Date;
};

/** What a command that ran to its end has to say by its exit code. */
export type CommandResult = 'ok' | 'failed';

export function getModelsRoot({ dataDir }: CliConfig): string {
  return join(dataDir, 'models');
}
