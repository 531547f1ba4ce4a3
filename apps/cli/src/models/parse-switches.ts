import { InvalidArgumentError } from 'commander';

export type GivenSwitches = Record<string, string | number | boolean | undefined>;

/** Of an option or argument that may be repeated: `name=value`; without a value the switch goes back to its default. */
export function addSwitch(text: string, others: GivenSwitches = {}): GivenSwitches {
  const [, name, value] = /^([a-z]\w*)=(.*)$/is.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('A switch is given as name=value, such as eosBias=4.');
  }
  return { ...others, [name]: parseValue(value) };
}

function parseValue(text: string): GivenSwitches[string] {
  if (text === '') return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
