// One face from frame to frame: carried along with the head's picture, and drawn to where landmarks are found.

import { apply, boxAround, compose, Follower, invert } from "./motion.js";

const LEFT_TEMPLE = 454;
const RIGHT_TEMPLE = 234;
const SETTLE_S = 0.4; // landmarks tremble from one finding to the next; where they are drawn to is their mean of this long
const JUMP = 0.15; // face widths; further off, the face was lost on the way
const STILL = /** @type {const} */ ([1, 0, 0, 0]);

export class FaceTrack {
  constructor() {
    /** @type {Float32Array | null} x and y of 478 landmarks in pixels of the picture now */
    this.landmarks = null;
    this.follower = new Follower();
    /** @type {Map<number, {moved: import("./motion.js").Affine, timeS: number}>} by frame that was sent to be looked at */
    this.sent = new Map();
    this.moved = [...STILL];
    this.foundS = -Infinity;
  }

  /** Carries the landmarks to the next picture. @param {ImageData} image */
  next(image) {
    const step = this.landmarks && this.follower.next(image, boxAround(this.landmarks, image));
    if (!step) return;
    apply(step, this.landmarks, this.landmarks);
    this.moved = compose(this.moved, step);
  }

  /** Notes that a frame is looked at: what is found on it belongs to this moment. */
  send(number, timeS) {
    this.sent.set(number, { moved: this.moved, timeS });
  }

  /** Takes what was found on a frame that is past, or null for no face. */
  found(number, landmarks) {
    const { moved, timeS } = this.sent.get(number);
    this.sent.delete(number);
    if (!landmarks || !this.landmarks) {
      this.landmarks = landmarks;
      this.foundS = timeS;
      return;
    }
    const carried = apply(compose(invert(moved), this.moved), landmarks, landmarks);
    const off = meanDistance(carried, this.landmarks);
    const share = off > JUMP * faceWidth(carried) ? 1 : 1 - Math.exp(-(timeS - this.foundS) / SETTLE_S);
    for (let place = 0; place < carried.length; place++) {
      this.landmarks[place] += share * (carried[place] - this.landmarks[place]);
    }
    this.foundS = timeS;
  }

  /** @returns {{x: number, y: number, width: number} | null} middle and width between the temples, in pixels */
  get place() {
    if (!this.landmarks) return null;
    const { landmarks } = this;
    let [x, y] = [0, 0];
    for (let place = 0; place < landmarks.length; place += 2) {
      x += landmarks[place];
      y += landmarks[place + 1];
    }
    const count = landmarks.length / 2;
    return { x: x / count, y: y / count, width: faceWidth(landmarks) };
  }
}

/** @returns {number} pixels between the temples */
function faceWidth(landmarks) {
  const [left, right] = [2 * LEFT_TEMPLE, 2 * RIGHT_TEMPLE];
  return Math.hypot(landmarks[left] - landmarks[right], landmarks[left + 1] - landmarks[right + 1]);
}

function meanDistance(points, others) {
  let sum = 0;
  for (let place = 0; place < points.length; place += 2) {
    sum += Math.hypot(points[place] - others[place], points[place + 1] - others[place + 1]);
  }
  return (2 * sum) / points.length;
}
