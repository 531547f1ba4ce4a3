// Which of ffmpeg's demuxers may open a recording.

/**
 * Those that open something else than the file itself, that are no recording, or that take any
 * bytes for sound.
 */
const REFUSED: readonly RegExp[] = [
  // Playlists and manifests: they name other files and hosts.
  /^(hls|applehttp|dash|imf|concat|concatf|webm_dash_manifest|vobsub|ivr|sdp|rtp|rtsp|sap|rtmp|mpegtsraw|avisynth|vapoursynth)$/,
  // Devices and synthesizers.
  /^(alsa|android_camera|avfoundation|bktr|decklink|dshow|fbdev|gdigrab|iec61883|jack|kmsgrab|lavfi|libcdio|libdc1394|libndi_newtek|openal|oss|pulse|sndio|v4l2|vfwcap|video4linux2|x11grab|xcbgrab|sbg)$/,
  // Pictures and text.
  /^(image2.*|.*_pipe|alias_pix|apng|brender_pix|fits|gif|ico|msp|pictor|txd|adf|bin|idf|tty|xbin|data|ffmetadata|mpjpeg)$/,
  // Subtitles.
  /^(aqtitle|ass|dvbsub|dvbtxt|jacosub|lrc|mcc|microdvd|mpl2|mpsub|pjs|realtext|sami|scc|srt|stl|subviewer1?|sup|tedcaptions|vplayer|webvtt)$/,
  // Without a header: rate, width and channels would be guesses.
  /^([suf](8|16|24|32|64)(be|le)?|alaw|mulaw|vidc|aptx(_hd)?|codec2raw|dfpwm|g726(le)?|bitpacked|rawvideo|v210x?|yuv4mpegpipe)$/,
  // Music written as notes, played by large libraries.
  /^(libgme|libopenmpt|libmodplug)$/,
];

/**
 * Reads the list that `ffmpeg -demuxers` prints and leaves out what no recording needs. Newer
 * versions mark devices with a `d` in a third column; those are left out too.
 */
export function parseAllowedDemuxers(list: string): string[] {
  const allowed: string[] = [];
  for (const line of list.split('\n')) {
    const match = /^ D[E ]?(d?) +(\S+)/.exec(line);
    if (match === null || match[1] === 'd') continue;
    for (const name of match[2]!.split(',')) {
      if (/^\w+$/.test(name) && !REFUSED.some((pattern) => pattern.test(name))) allowed.push(name);
    }
  }
  return allowed;
}
