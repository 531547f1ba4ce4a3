import { describe, expect, it } from 'vitest';
import { spellWord } from './spell-word.js';

const spell = (text: string, language = 'en') =>
  spellWord(text, language).map((stretch) => stretch.map((way) => way.replaceAll('\u2581', '_')));

describe('a word is spelled', () => {
  it.each([
    ['Hello,', [['_hello']]],
    ['don’t', [["_don't", '_dont']]],
    ["'tis", [['_tis']]],
    ['well-known', [['_well'], ['_known']]],
    ['naïve', [['_naïve', '_naive']]],
    ['ﬁne', [['_fine']]],
    ['—', []],
  ])('as it is said, without what is silent: %s', (text, expected) => {
    expect(spell(text)).toEqual(expected);
  });

  it.each([
    ['7', ['_seven']],
    ['0', ['_zero']],
    ['45', ['_four_five', '_forty_five']],
    ['110', ['_one_one_zero', '_one_hundred_ten']],
    [
      '1984',
      ['_one_nine_eight_four', '_one_thousand_nine_hundred_eighty_four', '_nineteen_eighty_four'],
    ],
    ['1905', ['_one_nine_zero_five', '_one_thousand_nine_hundred_five', '_nineteen_oh_five']],
    ['1900', ['_one_nine_zero_zero', '_one_thousand_nine_hundred', '_nineteen_hundred']],
    ['2,000,001', ['_two_zero_zero_zero_zero_zero_one', '_two_million_one']],
    ['007', ['_zero_zero_seven', '_seven']],
  ])('in all the ways a number is said in English: %s', (text, expected) => {
    expect(spell(text)).toEqual([expected]);
  });

  it('digit by digit where a number has no name', () => {
    expect(spell('1234567890123')).toEqual([
      ['_one_two_three_four_five_six_seven_eight_nine_zero_one_two_three'],
    ]);
  });

  it.each([
    ['a number in another language', '1984', 'de', [[]]],
    ['a sign that is read out', '€5', 'en', [[], ['_five']]],
    ['letters and digits together', 'b2b', 'en', [[]]],
    ['the sign behind a number', '50%', 'en', [['_five_zero', '_fifty'], []]],
  ])('with an open stretch for %s', (_, text, language, expected) => {
    expect(spell(text, language)).toEqual(expected);
  });
});
