// Every picture of the camera becomes the colours of thirty cells, and these a map and a pulse: the server's way, live.
// Pictures end here.

import { Cells } from "./face/cells.js";
import { FaceFinder } from "./face/face_finder.js";
import { FaceTrack } from "./face/face_track.js";
import { measureOval } from "./face/light.js";
import { MAX_GAP_S, Signal } from "./pulse/signal.js";

const PREVIEW_MS = 250;
const STILL_S = 2; // for so long a face is compared with where it was
const STEADY_S = 3; // the face's width is averaged for so long: its trembling is no movement of the head
const NOWHERE = new Float32Array(90).fill(NaN);

self.onmessage = ({ data: { cells, evidence, limit }, ports: [toFaces] }) => {
  const worker = new LiveWorker(cells, evidence, limit, toFaces);
  self.onmessage = ({ data }) => {
    if (data.picture) worker.see(data);
    else worker.finder.isRecording = data.isRecording;
  };
};

class LiveWorker {
  constructor(cells, evidence, limit, toFaces) {
    this.cells = new Cells(cells);
    this.signal = new Signal({ evidence, cells: cells.cells, limitT: limit });
    this.track = new FaceTrack();
    this.finder = new FaceFinder(
      toFaces,
      ({ number, landmarks }) => {
        this.track.found(number, landmarks);
        this.findings++;
      },
      (isReady) => (this.hasFaces = isReady),
    );
    this.hasFaces = true;
    this.findings = 0; // pictures that were looked at for landmarks
    this.places = [];
    this.width = NaN;
    this.seenS = -Infinity;
    this.canvas = new OffscreenCanvas(1, 1);
    this.seenMs = -Infinity; // when a face was seen, by the clock: a camera that stops has no later frames
    this.isNew = this.isShown = false;
    setInterval(() => this.preview(), PREVIEW_MS);
  }

  /** Takes one picture, and tells what is on it. */
  see({ picture, number, timeS }) {
    const image = this.pixels(picture);
    if (this.hasFaces) this.track.next(image);
    if (this.finder.offer(picture, number, 1000 * timeS)) this.track.send(number, timeS);
    const place = this.hasFaces ? this.track.place : undefined;
    const seen = place ? this.readFace(image, place, timeS) : this.readNoFace(image, timeS);
    const face = place && normalise(place, image);
    const isKnown = !this.hasFaces || this.findings > 0;
    self.postMessage({ seen: isKnown ? { face, findings: this.findings, ...seen } : null });
  }

  pixels(picture) {
    const { width, height } = picture;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    }
    this.context.drawImage(picture, 0, 0);
    return this.context.getImageData(0, 0, width, height);
  }

  readFace(image, place, timeS) {
    const { landmarks } = this.track;
    const { colours, luma, halves, clipped } = this.cells.read(image, landmarks);
    const share = 1 - Math.exp((this.seenS - timeS) / STEADY_S);
    this.width = this.places.length ? this.width + share * (place.width - this.width) : place.width;
    this.seenS = timeS;
    this.seenMs = performance.now();
    const position = [place.x / this.width, place.y / this.width];
    this.signal.add(timeS, colours, this.cells.surround(image, landmarks), position);
    this.isNew = true;
    return {
      light: { luma, halves, clipped },
      sway: this.sway(place, timeS),
      outlines: this.cells.outlines(landmarks),
      values: this.signal.latest(),
    };
  }

  readNoFace(image, timeS) {
    this.places = [];
    if (this.hasFaces) this.signal.add(timeS, NOWHERE, [NaN, NaN, NaN], [NaN, NaN]);
    return { light: measureOval(image), sway: 0, outlines: null, values: null };
  }

  /** @returns {number} how far the face was at most from its mean place of the last seconds, in face widths */
  sway(place, timeS) {
    this.places = [...this.places.filter((earlier) => timeS - earlier.timeS <= STILL_S), { ...place, timeS }];
    const mean = (axis) => this.places.reduce((sum, each) => sum + each[axis], 0) / this.places.length;
    const [x, y] = [mean("x"), mean("y")];
    return Math.max(...this.places.map((each) => Math.hypot(each.x - x, each.y - y) / each.width));
  }

  /** Tells what is new; once more when the face has been gone for a while: its heart rate goes with it. */
  preview() {
    const isGone = performance.now() - this.seenMs > 1000 * MAX_GAP_S;
    if (isGone ? !this.isShown : !this.isNew) return;
    if (isGone) this.signal.clear();
    this.isNew = false;
    this.isShown = !isGone;
    const preview = this.signal.preview();
    self.postMessage({ preview }, [preview.map.buffer, preview.wave.buffer]);
  }
}

/** @returns {import("./engine.js").Face} a place in pixels in units of the picture's height */
function normalise({ x, y, width }, image) {
  const unit = Math.min(image.height, (4 / 3) * image.width);
  return { x: (x - image.width / 2) / unit, y: (y - image.height / 2) / unit, width: width / unit };
}
