// Cell colours at the map's columns: steps 3 to 5 of its specification (bpdemo/stmap.py), so that frame rate and jitter
// leave no trace.

import { filterBothWays, lowPass, RATE_HZ } from "./filters.js";
import { Pchip } from "./interpolate.js";

const MAX_GAP_S = 0.25;
const MIN_ROW_MEASURED = 0.5;
const FINE = 4; // the interpolation grid is this many times finer than the columns
const FINE_HZ = FINE * RATE_HZ;
const PAD_S = 2;
const TINY = 1e-9;
const BAND = lowPass(4, 9, FINE_HZ);
const SLOW = lowPass(2, 0.35, FINE_HZ);

/**
 * @typedef {object} Frames what was seen on each frame
 * @property {Float64Array} timeS rising
 * @property {Float64Array} values one row of `width` a frame; NaN where not seen
 * @property {number} width
 */

/**
 * @typedef {object} Traces cell colours of one window at 30 columns a second
 * @property {number} startS
 * @property {number} columns
 * @property {Float64Array[]} relative R, G, B of the first cell, of the second ..., each over its slow mean, about 1;
 *   where nothing was measured they are filled in
 * @property {Uint8Array[]} mask of each cell, 1 where measured
 */

/**
 * Returns the colours of one window at the map's columns.
 *
 * @param {Frames} frames
 * @param {number} place in each row where the cells' colours begin: R, G, B, 0 to 255, of one after the other
 * @param {number} cells
 * @param {number} startS
 * @param {number} columns at least 1
 * @returns {Traces}
 */
export function resample({ timeS, values, width }, place, cells, startS, columns) {
  const first = timeS.findIndex((time) => time >= startS - MAX_GAP_S);
  const end = timeS.findLastIndex((time) => time <= startS + columns / RATE_HZ + MAX_GAP_S) + 1;
  const fineS = Float64Array.from({ length: FINE * columns }, (_, step) => startS + step / FINE_HZ);
  const fine = new Float64Array(fineS.length);
  const pad = Math.min(PAD_S * FINE_HZ, fine.length - 1);
  const nothing = new Uint8Array(columns);
  /** @type {Traces} */
  const traces = { startS, columns, relative: [], mask: [] };
  /** @type {{frames: number[], mask: Uint8Array, spline: Pchip | null}[]} cells are mostly seen on the same frames */
  const patterns = [];
  for (let cell = 0; cell < cells; cell++) {
    const frames = [];
    for (let frame = first; frame < end; frame++) {
      const at = frame * width + place + 3 * cell;
      if (Number.isFinite(values[at] + values[at + 1] + values[at + 2])) frames.push(frame);
    }
    let pattern = patterns.find((one) => isSame(one.frames, frames));
    if (!pattern) {
      const seenS = Float64Array.from(frames, (frame) => timeS[frame]);
      const mask = measured(seenS, startS, columns);
      const isKept = mask.reduce((sum, one) => sum + one, 0) >= MIN_ROW_MEASURED * columns;
      pattern = { frames, mask, spline: isKept ? new Pchip(seenS, fineS) : null };
      patterns.push(pattern);
    }
    traces.mask.push(pattern.spline ? pattern.mask : nothing);
    const seen = new Float64Array(frames.length);
    for (let channel = 0; channel < 3; channel++) {
      const relative = new Float64Array(columns);
      traces.relative.push(relative);
      if (!pattern.spline) continue;
      const at = place + 3 * cell + channel;
      frames.forEach((frame, step) => (seen[step] = values[frame * width + at]));
      pattern.spline.interpolate(seen, fine);
      const band = filterBothWays(BAND, fine, pad, FINE);
      const slow = filterBothWays(SLOW, fine, pad, FINE);
      for (let column = 0; column < columns; column++) {
        relative[column] = band[column] / Math.max(slow[column], TINY);
      }
    }
  }
  return traces;
}

const isSame = (/** @type {number[]} */ one, /** @type {number[]} */ other) =>
  one.length === other.length && one.every((frame, step) => frame === other[step]);

/** Returns for each column whether the frames around it are close enough together. @param {Float64Array} seenS */
function measured(seenS, /** @type {number} */ startS, /** @type {number} */ columns) {
  const mask = new Uint8Array(columns);
  const last = seenS.length - 1;
  if (last < 1) return mask;
  let after = 1;
  for (let column = 0; column < columns; column++) {
    const at = startS + column / RATE_HZ;
    while (after < last && seenS[after] < at) after++;
    // A column may lie a little past the last frame, whose picture lasts until the next one would come.
    const isInside = at >= seenS[0] - MAX_GAP_S / 2 && at <= seenS[last] + MAX_GAP_S / 2;
    mask[column] = Number(isInside && seenS[after] - seenS[after - 1] <= MAX_GAP_S);
  }
  return mask;
}
