import { type Check } from './check.js';
import { readProgramVersion } from '../read-versions.js';

const OLDEST_NODE = { major: 20, minor: 19 };
const OLDEST_FFMPEG = 4;

export function checkNode(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld =
    major < OLDEST_NODE.major || (major === OLDEST_NODE.major && minor < OLDEST_NODE.minor);
  if (!isOld) return { state: 'ok', what: 'node', value: version };
  const advice = `Install node ${OLDEST_NODE.major}.${OLDEST_NODE.minor} or newer.`;
  return { state: 'bad', what: 'node', value: version, advice };
}

export async function checkProgram(
  what: 'ffmpeg' | 'ffprobe',
  readVersion: (program: string) => Promise<string | undefined> = readProgramVersion,
): Promise<Check> {
  const version = await readVersion(what);
  if (version === undefined) {
    const advice =
      'Install ffmpeg, which brings both: "apt install ffmpeg", "brew install ffmpeg" or ffmpeg.org.';
    return { state: 'bad', what, value: 'not found', advice };
  }
  // Builds from source call themselves N-12345-gabcdef.
  const major = Number(/^n?(\d+)\./.exec(version)?.[1] ?? OLDEST_FFMPEG);
  if (major >= OLDEST_FFMPEG) return { state: 'ok', what, value: version };
  return { state: 'warning', what, value: version, advice: 'Install version 4 or newer.' };
}
