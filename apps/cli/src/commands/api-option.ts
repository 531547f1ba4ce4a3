import { InvalidArgumentError, Option } from 'commander';

/** `--api`, the same for every command that talks to a fleet. */
export function apiOption(): Option {
  return new Option(
    '--api <address>',
    "the fleet's API (default: STENO_API_URL, or the fleet on this machine)",
  ).argParser((text: string) => {
    if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text;
    throw new InvalidArgumentError('It must be an http(s) address, such as http://127.0.0.1:8080.');
  });
}
