const SMALL = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen ' +
  'sixteen seventeen eighteen nineteen'
).split(' ');
const TENS = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SCALES = [
  [1_000_000_000, 'billion'],
  [1_000_000, 'million'],
  [1_000, 'thousand'],
  [100, 'hundred'],
] as const;

/** More digits than this are read out one by one. */
const MAX_CARDINAL_DIGITS = 12;

/** The ways in which digits are commonly said: as a number, as a year, digit by digit. */
export function spellEnglishNumber(digits: string): string[] {
  const ways = [Array.from(digits, (digit) => SMALL[Number(digit)]!).join(' ')];
  if (digits.length <= MAX_CARDINAL_DIGITS) ways.push(spellCardinal(Number(digits)));
  if (/^[1-9]\d{3}$/.test(digits)) ways.push(spellYear(digits));
  return [...new Set(ways)];
}

function spellCardinal(value: number): string {
  for (const [size, name] of SCALES) {
    if (value < size) continue;
    return append(`${spellCardinal(Math.floor(value / size))} ${name}`, value % size);
  }
  return value < SMALL.length ? SMALL[value]! : append(TENS[Math.floor(value / 10)]!, value % 10);
}

function append(text: string, rest: number): string {
  return rest === 0 ? text : `${text} ${spellCardinal(rest)}`;
}

function spellYear(digits: string): string {
  const [century, year] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  const rest = year === 0 ? 'hundred' : year < 10 ? `oh ${SMALL[year]!}` : spellCardinal(year);
  return `${spellCardinal(century)} ${rest}`;
}
