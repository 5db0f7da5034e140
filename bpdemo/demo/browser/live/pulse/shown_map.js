// The map's channel T as it is drawn (bpdemo/figures/shown.py): % of the skin's colour, 0.7 to 4 Hz.

import { BYTES_AT_LIMIT, middle, NOT_MEASURED } from "../../arrays.js";
import { bandPass } from "./filters.js";
import { METHODS } from "./methods.js";

const SHOWN_BAND_HZ = /** @type {const} */ ([0.7, 4]);
const MAD_TO_SD = 1.4826;
const MIN_SCALE = 1e-4;
const VALUE_LIMIT = 20; // of the map's scale

/**
 * Returns T of each cell over time in %, each measured stretch filtered by itself; NaN where not measured.
 *
 * @param {import("./resample.js").Traces} traces
 * @returns {Float64Array[]} of each cell
 */
export function shownMap({ columns, relative, mask }) {
  const rows = mask.map((row, cell) => {
    const isMeasured = row.includes(1);
    return isMeasured ? METHODS.pos(relative.slice(3 * cell, 3 * cell + 3)) : new Float64Array(columns);
  });
  const limit = VALUE_LIMIT * mapScale(rows, mask);
  return rows.map((row, cell) => {
    const percent = row.map((value) => 100 * Math.min(Math.max(value, -limit), limit));
    const filtered = new Float64Array(columns).fill(NaN);
    for (let start = mask[cell].indexOf(1); start >= 0; ) {
      const gap = mask[cell].indexOf(0, start);
      const stop = gap < 0 ? columns : gap;
      filtered.set(bandPass(percent.slice(start, stop), SHOWN_BAND_HZ), start);
      start = mask[cell].indexOf(1, stop);
    }
    return filtered;
  });
}

/**
 * Returns rows in % as the bytes that a result's map has.
 *
 * @param {Float64Array[]} rows
 * @param {number} limit the scale's end in %
 */
export function toBytes(rows, limit) {
  const columns = rows[0].length;
  const bytes = new Int8Array(rows.length * columns).fill(NOT_MEASURED);
  rows.forEach((row, cell) =>
    row.forEach((value, column) => {
      const scaled = Math.min(Math.max((value / limit) * BYTES_AT_LIMIT, -127), 127);
      if (!Number.isNaN(value)) bytes[cell * columns + column] = Math.round(scaled);
    }),
  );
  return bytes;
}

/** Returns the one number that a map is divided by: the median of what was measured, as a standard deviation. */
function mapScale(/** @type {Float64Array[]} */ rows, /** @type {Uint8Array[]} */ mask) {
  const sizes = new Float64Array(rows.length * rows[0].length);
  let count = 0;
  rows.forEach((row, cell) =>
    row.forEach((value, column) => {
      if (mask[cell][column]) sizes[count++] = Math.abs(value);
    }),
  );
  const sorted = sizes.subarray(0, count).sort();
  const median = count ? middle(sorted) : 0;
  return Math.max(MAD_TO_SD * median, MIN_SCALE);
}
