// The live preview: takes the camera's pictures from a video, has them read in workers, and tells what was seen.

import { limitT, visionAddress } from "../colours.js";
import { FrameRate } from "./frame_rate.js";
import { measureOval } from "./face/light.js";

const LOOK_MS = 100;
const PLAIN_LOOK_MS = 250;
const PLAIN_SIDE_PX = 160;
const STALE_MS = 1000; // without a picture that has been read: there is no camera to speak of
const MOST_WAITING = 2; // pictures in the worker; more would only come later

/** @typedef {import("./face/light.js").Light} Light */

/**
 * @typedef {{x: number, y: number, width: number}} Face middle, and width between the temples, in units of the
 *   picture's height (of a tall picture: four thirds of its width); 0, 0 is the picture's middle, and it is not mirrored
 */

/**
 * @typedef {object} Look what the picture shows now; about ten a second
 * @property {number} timeS of the look, since the first picture
 * @property {Face | null | undefined} face null where none was found, undefined where this browser cannot look for faces
 * @property {Light} light of the face's cells; without a face, of the oval
 * @property {number} sway how far the face was from its mean place in the last 2 s at most, in face widths
 * @property {number} rateHz pictures a second that the camera gave of late; 0 when it gives none
 */

/**
 * @typedef {object} LiveCells the cells on the face, with every picture
 * @property {number[][][] | null} outlines [cell][point] x and y in pixels of the picture, not mirrored; null without a face
 * @property {Float32Array | null} values T of each cell now, % of the skin's colour; NaN where not known
 */

/** @typedef {{rate_hz: number | null, dropped: number, luma: number | null, sway: number | null, bpm: number | null}} Note */

/** @typedef {{worker: Worker, port: MessagePort}} FaceWorker with the port to it */

/** @type {FaceWorker | null} begun before there is a picture */
let prepared = null;

/** Begins to load what finds faces, for the next `startLive`: while somebody is asked for the camera there is time. */
export function prepareLive() {
  if (prepared || !canLookForFaces()) return;
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL("face/face_worker.js", import.meta.url));
  worker.postMessage(visionAddress(), [port1]);
  prepared = { worker, port: port2 };
}

const canLookForFaces = () =>
  [window.Worker, window.OffscreenCanvas, window.WebAssembly, window.createImageBitmap].every(Boolean);

/**
 * @param {HTMLVideoElement} video that plays the camera's stream
 * @returns {Live} in a browser without what it takes, its looks have no face and there are no previews
 */
export function startLive(video) {
  return new Live(video);
}

/** Its events: `look` (detail: Look), `cells` (LiveCells), `preview` (import("./pulse/signal.js").Preview). */
export class Live extends EventTarget {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    super();
    this.video = video;
    this.rate = new FrameRate();
    this.number = this.waiting = 0;
    this.startMs = null;
    this.seen = null;
    this.isReady = this.isEnded = this.isPaused = false;
    this.begin();
    this.startWorkers().catch(() => this.goPlain());
    this.watch();
  }

  async startWorkers() {
    if (!canLookForFaces()) throw new Error("this browser lacks what reading pictures takes");
    prepareLive();
    const { worker, port } = prepared;
    prepared = null;
    this.faces = worker;
    const at = (name) => new URL(name, import.meta.url);
    this.signal = new Worker(at("signal_worker.js"), { type: "module" });
    for (const each of [this.faces, this.signal]) each.onerror = () => this.goPlain();
    this.signal.onmessage = ({ data }) => this.hear(data);
    this.looks = setInterval(() => this.look(), LOOK_MS);
    const tables = ["../cells.json", "../evidence.json"].map((name) => fetch(at(name)).then((answer) => answer.json()));
    const [cells, evidence] = await Promise.all(tables);
    this.signal?.postMessage({ cells, evidence, limit: limitT() }, [port]);
    this.isReady = true;
  }

  /** Does without workers: the light of the oval is all that is looked at. */
  goPlain() {
    this.endWorkers();
    if (this.isEnded) return;
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    this.looks = setInterval(() => {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (!width || this.isPaused) return;
      const scale = PLAIN_SIDE_PX / Math.max(width, height);
      [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
      context.drawImage(this.video, 0, 0, canvas.width, canvas.height);
      const light = measureOval(context.getImageData(0, 0, canvas.width, canvas.height));
      this.see({ face: undefined, light, sway: 0 });
      this.look();
    }, PLAIN_LOOK_MS);
  }

  /** Sees every picture of the video; where a browser does not tell of them, as often as the screen is drawn. */
  watch() {
    const { video } = this;
    if (video.requestVideoFrameCallback) {
      const next = (nowMs, { presentedFrames, captureTime }) => {
        if (this.isEnded) return;
        video.requestVideoFrameCallback(next);
        this.take(captureTime ?? nowMs, presentedFrames);
      };
      video.requestVideoFrameCallback(next);
    } else {
      let last = 0;
      const next = (nowMs) => {
        if (this.isEnded) return;
        requestAnimationFrame(next);
        if (video.currentTime !== last) this.take(nowMs, this.number + 1);
        last = video.currentTime;
      };
      requestAnimationFrame(next);
    }
  }

  /** @param {number} atMs when the camera took the picture @param {number} count pictures until now */
  async take(atMs, count) {
    this.rate.add(atMs, count);
    this.startMs ??= atMs;
    this.number++;
    if (!this.isReady || this.isPaused || this.waiting >= MOST_WAITING) return;
    this.waiting++;
    const number = this.number;
    try {
      const picture = await createImageBitmap(this.video);
      this.signal?.postMessage({ picture, number, timeS: this.timeS(atMs) }, [picture]);
    } catch {
      this.waiting--; // the video has no picture now
    }
  }

  timeS(atMs) {
    return (atMs - (this.startMs ?? atMs)) / 1000;
  }

  hear({ seen, preview }) {
    if (preview) {
      this.bpm = preview.bpm;
      this.tell("preview", preview);
      return;
    }
    this.waiting--;
    this.see(seen);
    if (seen) this.tell("cells", { outlines: seen.outlines, values: seen.values });
  }

  see(seen) {
    this.seen = seen;
    this.seenMs = performance.now();
  }

  look() {
    if (!this.seen || this.isPaused) return;
    const nowMs = performance.now();
    const { face, light, sway } = this.seen;
    const rateHz = nowMs - this.seenMs > STALE_MS ? 0 : this.rate.recentHz(nowMs);
    this.looked++;
    this.lumaSum += light.luma;
    this.sway = Math.max(this.sway, sway);
    this.tell("look", { timeS: this.timeS(nowMs), face, light, sway, rateHz });
  }

  tell(name, detail) {
    if (!this.isEnded) this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Measures anew from now on: for the note of a recording, if one begins. */
  begin({ isRecording = false } = {}) {
    this.rate.begin();
    this.looked = this.lumaSum = this.sway = 0;
    this.bpm = null;
    if (this.isReady) this.signal.postMessage({ isRecording });
  }

  /** @returns {Note} what was measured since `begin`: frames a second, brightness of 255, face widths, beats a minute */
  note() {
    const { rateHz, dropped } = this.rate.total();
    const luma = this.looked ? this.lumaSum / this.looked : null;
    return { rate_hz: rateHz, dropped, luma, sway: this.sway, bpm: this.bpm };
  }

  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
  }

  endWorkers() {
    clearInterval(this.looks);
    this.faces?.terminate();
    this.signal?.terminate();
    this.faces = this.signal = null;
    this.isReady = false;
  }

  /** Lets go of everything. */
  end() {
    this.isEnded = true;
    this.endWorkers();
    this.seen = null;
  }
}
