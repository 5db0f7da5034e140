// The heart rate's course over minutes: a point a second, none where there was no pulse, for an hour at most.

import { GUTTER_PX, RIGHT_PX } from "../../bands.js";
import { drawAxis, drawDot, drawLine, Picture, ticks } from "../../picture.js";

const KEPT = 3600; // seconds; older points make room
const LEAST_S = 60; // shown from the beginning
const LEAST_BPM = 40; // from bottom to top, that small changes look small
const BELOW_PX = 18;
const EDGE_PX = 6;

/** Heart rates by the second; the room they take does not grow. */
export class Course {
  constructor() {
    this.rates = new Float32Array(KEPT);
    this.clear();
  }

  clear() {
    this.rates.fill(NaN);
    [this.firstS, this.lastS] = [0, -1];
  }

  /**
   * @param {number} timeS rising; what is earlier does not count
   * @param {number | null} bpm null for none; the last one of a second counts
   */
  add(timeS, bpm) {
    const second = Math.floor(timeS);
    if (second < this.lastS) return;
    if (this.lastS < 0) [this.firstS, this.lastS] = [second, second - 1];
    if (second - this.lastS >= KEPT) this.rates.fill(NaN);
    else for (let skipped = this.lastS + 1; skipped < second; skipped++) this.rates[skipped % KEPT] = NaN;
    this.rates[second % KEPT] = bpm ?? NaN;
    this.lastS = second;
    this.firstS = Math.max(this.firstS, second - KEPT + 1);
  }

  /** @returns {number} bpm at a second from `firstS` to `lastS`, NaN for none */
  at(second) {
    return this.rates[second % KEPT];
  }

  /** @returns {[number, number]} tens that all rates lie between */
  range() {
    let [low, high] = [Infinity, -Infinity];
    for (let second = this.firstS; second <= this.lastS; second++) {
      const bpm = this.at(second);
      if (bpm < low) low = bpm;
      if (bpm > high) high = bpm;
    }
    if (low > high) [low, high] = [70, 70];
    const room = Math.max(LEAST_BPM - (high - low), 4) / 2;
    return [10 * Math.floor((low - room) / 10), 10 * Math.ceil((high + room) / 10)];
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Course} course
 * @returns {Picture} to be told of what is new by `moved`
 */
export function drawCourse(canvas, course) {
  const over = (sheet) => {
    const { context, width, height, quiet, accent } = sheet;
    const box = { left: GUTTER_PX, width: width - GUTTER_PX - RIGHT_PX, height: height - BELOW_PX };
    const { firstS } = course;
    const endS = Math.max(course.lastS, firstS + LEAST_S);
    const [low, high] = course.range();
    const at = (timeS) => box.left + ((timeS - firstS) / (endS - firstS)) * box.width;
    const up = (bpm) => EDGE_PX + ((high - bpm) / (high - low)) * (box.height - 2 * EDGE_PX);
    context.fillStyle = quiet;
    context.strokeStyle = quiet;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.lineWidth = 0.5;
    context.globalAlpha = 0.5;
    const lines = ticks(low, high, box.height / 30);
    for (const bpm of lines) {
      context.beginPath();
      context.moveTo(box.left, up(bpm));
      context.lineTo(box.left + box.width, up(bpm));
      context.stroke();
    }
    context.globalAlpha = 1;
    for (const bpm of lines) context.fillText(bpm === lines.at(-1) ? `${bpm} bpm` : String(bpm), box.left - 8, up(bpm));
    const seconds = Array.from({ length: course.lastS - firstS + 1 }, (_, place) => firstS + place);
    drawLine(sheet, seconds.map((second) => [at(second), up(course.at(second))]), accent, 1.8);
    const last = course.at(course.lastS);
    if (Number.isFinite(last)) drawDot(sheet, at(course.lastS), up(last), accent, 3);
    const unit = endS - firstS > 180 ? { name: "min", s: 60 } : { name: "s", s: 1 };
    drawAxis(sheet, {
      at: (count) => at(firstS + count * unit.s),
      y: box.height,
      low: 0,
      high: (endS - firstS) / unit.s,
      most: box.width / 60,
      unit: unit.name,
    });
  };
  return new Picture(canvas, { base() {}, over });
}
