import { availableParallelism } from 'node:os';
import {
  AsrError,
  createAudioDecoder,
  transcribeAudio,
  type AudioDecoder,
  type AudioTranscript,
  type Inference,
  type TranscribeOptions,
} from '@stenofleet/asr-core';
import { type Recording } from './corpus.js';

/** What the product path makes of a recording. */
export type Transcription<Kind extends Recording = Recording> = { recording: Kind } & (
  { ok: true; transcript: AudioTranscript } | { ok: false; error: AsrError }
);

/** Decodes, hears and transcribes each recording; short ones side by side, so that no lane waits for ffmpeg. */
export async function transcribeRecordings<Kind extends Recording>(
  recordings: readonly Kind[],
  inference: Inference,
  options: TranscribeOptions = {},
): Promise<Transcription<Kind>[]> {
  const decoder = createAudioDecoder();
  const results: Transcription<Kind>[] = [];
  const waiting = recordings.entries();
  const work = async () => {
    for (const [index, recording] of waiting) {
      results[index] = await transcribeRecording(recording, { decoder, inference, options });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

/** Words of a transcript as running text, channel after channel. */
export function readText({ channels }: AudioTranscript): string {
  return channels.flatMap(({ words }) => words.map(({ text }) => text)).join(' ');
}

async function transcribeRecording<Kind extends Recording>(
  recording: Kind,
  {
    decoder,
    inference,
    options,
  }: { decoder: AudioDecoder; inference: Inference; options: TranscribeOptions },
): Promise<Transcription<Kind>> {
  const { path, channels } = recording;
  try {
    const audio = await decoder.openAudio(path, { channels });
    const transcript = await transcribeAudio(audio.blocks(), inference, options);
    return { recording, ok: true, transcript };
  } catch (error) {
    if (error instanceof AsrError) return { recording, ok: false, error };
    throw error;
  }
}
