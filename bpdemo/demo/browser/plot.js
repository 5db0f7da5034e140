// Plain line plots: what the tab of the steps draws.

import { drawAxis, drawDot, drawLine, Picture } from "./picture.js";

const LEFT_PX = 34;
const RIGHT_PX = 10;
const TOP_PX = 8;
const BELOW_PX = 20;

/**
 * @typedef {object} Line
 * @property {number[]} x rising
 * @property {(number | null)[]} y
 * @property {string} [colour] the accent unless given
 * @property {number} [width]
 * @property {number} [alpha]
 * @property {boolean} [dots] points instead of a line
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} what
 * @param {Line[]} what.lines
 * @param {string} what.unit of the x axis
 * @param {number} [what.digits] of its numbers
 * @param {boolean} [what.scaled] whether the y axis has numbers
 * @param {{from: number, to: number}[]} [what.spans] of x, shaded
 * @param {{x: number, text: string}[]} [what.marks] lines across
 * @returns {Picture}
 */
export function drawPlot(canvas, { lines, unit, digits = 0, scaled = false, spans = [], marks = [] }) {
  const xs = lines.flatMap(({ x }) => x);
  const ys = lines.flatMap(({ y }) => y.filter((value) => value !== null));
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  return new Picture(canvas, {
    base(sheet) {
      const { context, width, height, quiet, accent } = sheet;
      const start = scaled ? LEFT_PX : 6;
      const floor = height - BELOW_PX;
      const at = (x) => start + ((x - left) / (right - left || 1)) * (width - start - RIGHT_PX);
      const up = (y) => (y === null ? NaN : floor - 4 - ((y - low) / (high - low || 1)) * (floor - 4 - TOP_PX));
      context.fillStyle = quiet;
      for (const { from, to } of spans) {
        context.globalAlpha = 0.16;
        context.fillRect(at(from), 0, at(to) - at(from), floor);
      }
      context.globalAlpha = 1;
      for (const { x, text } of marks) {
        drawLine(sheet, [[at(x), 0], [at(x), floor]], "#d55e00", 1.2);
        context.textAlign = at(x) > width - 60 ? "right" : "left";
        context.textBaseline = "top";
        context.fillText(text, at(x) + (at(x) > width - 60 ? -4 : 4), 2);
      }
      for (const { x, y, colour = accent, width: wide = 1.6, alpha = 1, dots } of lines) {
        context.globalAlpha = alpha;
        if (dots) {
          x.forEach((each, place) => y[place] !== null && drawDot(sheet, at(each), up(y[place]), colour));
        } else drawLine(sheet, x.map((each, place) => [at(each), up(y[place])]), colour, wide);
      }
      context.globalAlpha = 1;
      if (scaled) {
        context.fillStyle = quiet;
        context.textAlign = "right";
        context.textBaseline = "middle";
        for (const value of high > low ? [low, high] : [low]) {
          context.fillText(value.toFixed(Math.abs(high) < 10 ? 1 : 0), start - 5, Math.max(up(value), 7));
        }
      }
      drawAxis(sheet, { at, y: floor, low: left, high: right, most: width / 60, unit, digits });
    },
  });
}
