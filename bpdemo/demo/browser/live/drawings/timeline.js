// The time axis that the live pictures share. What comes in glides in until the next comes, a quarter of a second later.

const WIDE_S = 14.7; // a preview's 15 s, less what glides in
const GLIDE_MS = 250;
const DRAW_MS = 30; // not oftener: the cores are needed for the camera's frames

export class Timeline {
  /** @param {() => void} draw called when the axis has moved, once a frame of the screen at most */
  constructor(draw) {
    this.draw = draw;
    this.lowS = 0;
    this.highS = WIDE_S;
    /** Up to here it is shown. */
    this.endS = 0;
    this.asked = this.drawnMs = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /** @param {import("../pulse/signal.js").Preview} preview the next one, at most 15 s long */
  follow({ startS, columns }) {
    this.startS = startS;
    this.fromS = Math.max(this.endS, startS);
    this.toS = startS + columns / 30;
    if (this.still.matches || this.fromS > this.toS) this.fromS = this.toS;
    this.sinceMs = performance.now();
    this.asked ||= requestAnimationFrame((nowMs) => this.move(nowMs));
  }

  move(nowMs) {
    const share = Math.min(Math.max((nowMs - this.sinceMs) / GLIDE_MS, 0), 1);
    this.endS = this.fromS + share * (this.toS - this.fromS);
    this.lowS = Math.max(this.startS, this.endS - WIDE_S);
    this.highS = this.lowS + WIDE_S;
    if (share === 1 || nowMs - this.drawnMs >= DRAW_MS) {
      this.drawnMs = nowMs;
      this.draw();
    }
    this.asked = share < 1 ? requestAnimationFrame((laterMs) => this.move(laterMs)) : 0;
  }

  /** @returns {number} place of a moment between `left` and `left` + `width` */
  at(timeS, { left, width }) {
    return left + ((timeS - this.lowS) / (this.highS - this.lowS)) * width;
  }

  end() {
    cancelAnimationFrame(this.asked);
    this.asked = -1; // asks no more
  }
}
