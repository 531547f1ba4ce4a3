import { AsrError } from '@stenofleet/asr-core';
import { type Check } from '../doctor/check.js';
import { checkProgram } from '../doctor/check-programs.js';

/**
 * Says once, before a model is loaded, what every recording would fail for.
 * @throws AsrError `FFMPEG_MISSING`
 */
export async function requirePrograms(
  check: (program: 'ffmpeg' | 'ffprobe') => Promise<Check> = checkProgram,
): Promise<void> {
  const checks = await Promise.all([check('ffmpeg'), check('ffprobe')]);
  const missing = checks.filter(({ state }) => state === 'bad');
  const [first] = missing;
  if (!first) return;
  const names = missing.map(({ what }) => what).join(' and ');
  throw new AsrError('FFMPEG_MISSING', `${names}: ${first.value}. ${first.advice ?? ''}`.trim());
}
