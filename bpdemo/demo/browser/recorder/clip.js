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
export const BITS_PER_SECOND = 16_000_000; // more than VP8 takes: it is given what it can use
const MARGIN_S = 0.4; // a recorder takes a moment to start; the map needs all of its time

/** @returns {string | null} the first type this browser can record */
export function pickClipType() {
  const known = (type) => MediaRecorder.isTypeSupported(type);
  return globalThis.MediaRecorder ? (CLIP_TYPES.find(known) ?? null) : null;
}

/**
 * Records a stream.
 *
 * @param {MediaStream} stream
 * @param {{seconds: number, type?: string, bitsPerSecond?: number}} options
 * @returns {{stop: () => void, done: Promise<File>}} `stop` ends the recording early, as does the camera's going away;
 * `done` is rejected when the browser fails to record
 */
export function recordClip(stream, { seconds, type = pickClipType(), bitsPerSecond = BITS_PER_SECOND }) {
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: bitsPerSecond });
  const stop = () => recorder.state !== "inactive" && recorder.stop();
  const done = new Promise((resolve, reject) => {
    const parts = [];
    let timer = null;
    recorder.onstart = () => (timer = setTimeout(stop, 1000 * (seconds + MARGIN_S)));
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
