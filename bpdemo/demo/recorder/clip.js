// Makes a clip of a camera's stream: at a bit rate that keeps the pulse, of just the right length.

// The best first, of what browsers offer: see the table in docs/recorder.md. Safari knows mp4 only.
const CLIP_TYPES = [
  "video/webm;codecs=vp8",
  "video/webm;codecs=vp9",
  "video/mp4;codecs=avc1",
  "video/webm;codecs=h264",
  "video/mp4",
  "video/webm",
];
const BITS_PER_SECOND = 16_000_000; // more than VP8 takes: it is given what it can use
const CLIP_S = 15; // what the person sees
const MARGIN_S = 0.4; // a recorder takes a moment to start; the map needs all of its 15 s

/** Returns the first type this browser can record, or null. */
function pickClipType() {
  const known = (type) => MediaRecorder.isTypeSupported(type);
  return globalThis.MediaRecorder ? (CLIP_TYPES.find(known) ?? null) : null;
}

/**
 * Records a stream.
 *
 * Returns `stop()`, which ends the recording early, and `done`, a promise of the clip as a File; it is rejected when
 * the browser fails to record. The camera going away ends a recording, too.
 */
function recordClip(stream, options = {}) {
  const { type = pickClipType(), bitsPerSecond = BITS_PER_SECOND, seconds = CLIP_S + MARGIN_S } = options;
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: bitsPerSecond });
  const stop = () => recorder.state !== "inactive" && recorder.stop();
  const done = new Promise((resolve, reject) => {
    const parts = [];
    let timer = null;
    recorder.onstart = () => (timer = setTimeout(stop, 1000 * seconds));
    recorder.ondataavailable = ({ data }) => data.size && parts.push(data);
    recorder.onerror = ({ error }) => reject(error ?? new Error("the browser could not record"));
    recorder.onstop = () => {
      clearTimeout(timer);
      const kind = (recorder.mimeType || type).split(";")[0];
      const suffix = kind.includes("mp4") ? "mp4" : "webm";
      if (parts.length) resolve(new File(parts, `recording.${suffix}`, { type: kind }));
      else reject(new Error("the recording is empty"));
    };
  });
  recorder.start();
  return { stop, done };
}
