import { extname } from 'node:path';

/** What is taken for a recording below a prefix, where no pattern says otherwise. */
const MEDIA_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    '3g2 3gp aac ac3 aif aifc aiff alac amr ape asf au avi caf dts dv eac3 f4v flac flv gsm m2ts m4a m4b m4r m4v mka ' +
    'mkv mov mp2 mp3 mp4 mpc mpeg mpg mts mxf oga ogg ogv opus ra rm spx tak tta ts vob w64 wav wave weba webm wma wmv wv'
  ).split(' '),
);

export function hasMediaExtension(name: string): boolean {
  return MEDIA_EXTENSIONS.has(extname(name).slice(1).toLowerCase());
}
