// Where the points of a head go from frame to frame, by least squares on the brightness of its picture: what motion.py
// does, one step at a time. Brightness is the picture's green.

import { findStep } from "./least_squares.js";
import { makePatch, placePatch, takePatch } from "./patch.js";

/**
 * @typedef {[number, number, number, number]} Affine a, b, tx, ty: x' = a x - b y + tx, y' = b x + a y + ty, in pixels
 * @typedef {{left: number, top: number, width: number, height: number}} Box in whole pixels of the picture
 */

const LONGEST_STEP = 1; // pixels of the patch from one frame to the next: slopes reach no further

export class Follower {
  constructor() {
    this.last = makePatch();
    this.patch = makePatch();
    /** @type {import("./patch.js").Place | null} where the last frame's patch was taken */
    this.place = null;
    this.size = "";
  }

  /**
   * Returns what leads from the frame before to this one; null when there is nothing to compare.
   *
   * @param {import("./cells.js").Picture} image
   * @param {Box} box the face's; the next step is measured there
   * @returns {Affine | null}
   */
  next(image, box) {
    const size = `${image.width} x ${image.height}`;
    const { place: old, size: oldSize } = this;
    const place = placePatch(box, image);
    [this.place, this.size] = [place, size];
    let affine = null;
    let isTaken = false;
    if (place && old && size === oldSize) {
      takePatch(image, old, this.patch);
      affine = this.step(old);
      isTaken = Object.keys(old).every((key) => old[key] === place[key]);
    }
    // Both patches of a step are taken at one place: from here to the next frame, where the face is now.
    if (place && !isTaken) takePatch(image, place, this.patch);
    [this.last, this.patch] = [this.patch, this.last];
    return affine;
  }

  /** Returns what leads from the last patch to this one. */
  step({ left, top, columns, lines, shrink }) {
    const found = findStep(this.last, this.patch, columns, lines);
    const [right, down, zoom, turn] = found.map((way) => Math.min(Math.max(way, -LONGEST_STEP), LONGEST_STEP));
    const reach = Math.max(columns, lines) / 2; // from the centre to the edge; turn and zoom are measured there
    const [a, b] = [1 + zoom / reach, turn / reach];
    const [x, y] = [left + (columns * shrink) / 2, top + (lines * shrink) / 2];
    return [a, b, x + shrink * right - a * x + b * y, y + shrink * down - b * x - a * y];
  }
}

/**
 * @param {Float32Array} landmarks x, y, x, y ... in pixels
 * @param {{width: number, height: number}} picture
 * @returns {Box} the part of the picture that shows the face
 */
export function boxAround(landmarks, { width, height }) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (let at = 0; at < landmarks.length; at++) {
    const axis = at % 2;
    low[axis] = Math.min(low[axis], landmarks[at]);
    high[axis] = Math.max(high[axis], landmarks[at]);
  }
  const clip = (value, end) => Math.min(Math.max(value, 0), end);
  const left = clip(Math.floor(low[0]), width);
  const top = clip(Math.floor(low[1]), height);
  const right = clip(Math.ceil(high[0]) + 1, width);
  const bottom = clip(Math.ceil(high[1]) + 1, height);
  return { left, top, width: right - left, height: bottom - top };
}

/** Returns the one that leads where `first` and then `second` lead. */
export function compose([a, b, tx, ty], [c, d, ux, uy]) {
  return [c * a - d * b, d * a + c * b, c * tx - d * ty + ux, d * tx + c * ty + uy];
}

/** Returns the one that leads back. */
export function invert([a, b, tx, ty]) {
  const square = a * a + b * b;
  const [c, d] = [a / square, -b / square];
  return [c, d, d * ty - c * tx, -d * tx - c * ty];
}

/** Puts the points x, y, x, y ... where they are led into `into`, which may be the points themselves; returns it. */
export function apply([a, b, tx, ty], landmarks, into) {
  for (let at = 0; at < landmarks.length; at += 2) {
    const [x, y] = [landmarks[at], landmarks[at + 1]];
    into[at] = a * x - b * y + tx;
    into[at + 1] = b * x + a * y + ty;
  }
  return into;
}
