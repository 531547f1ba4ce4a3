import { describe, expect, it } from 'vitest';
import { checkProgram } from '../doctor/check-programs.js';
import { requirePrograms } from './require-programs.js';

const checkWith = (versions: Partial<Record<string, string>>) => (program: 'ffmpeg' | 'ffprobe') =>
  checkProgram(program, (name) => Promise.resolve(versions[name]));

describe('requirePrograms', () => {
  it('is content with both, also with old ones', async () => {
    await expect(
      requirePrograms(checkWith({ ffmpeg: '7.1', ffprobe: '3.4' })),
    ).resolves.toBeUndefined();
  });

  it('names what is missing, and what to install', async () => {
    await expect(requirePrograms(checkWith({ ffmpeg: '7.1' }))).rejects.toMatchObject({
      code: 'FFMPEG_MISSING',
      message: expect.stringMatching(/^ffprobe: not found\. Install ffmpeg/) as string,
    });
    await expect(requirePrograms(checkWith({}))).rejects.toThrow('ffmpeg and ffprobe: not found.');
  });
});
