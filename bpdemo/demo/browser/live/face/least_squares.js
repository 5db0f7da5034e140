// How one patch has moved to become another: six unknowns in as many linear equations as there are pixels.

import { mirror } from "./patch.js";

const UNKNOWNS = 6; // shift right and down, zoom, turn, contrast, brightness
const FLAT = 1e-6; // mean square of a slope below which there is none

const products = new Float64Array(UNKNOWNS * UNKNOWNS);
const along = new Float64Array(UNKNOWNS);
const slopes = new Float64Array(UNKNOWNS);

/**
 * @param {Float64Array} last a patch, line by line
 * @param {Float64Array} patch what it has become
 * @returns {number[]} shift right and down, and how far zoom and turn move a point at the edge, in pixels of the patch
 */
export function findStep(last, patch, columns, lines) {
  addUp(last, patch, columns, lines);
  return solve(FLAT * columns * lines).slice(0, 4);
}

/** Adds up the equations of all pixels: `products` of the slopes, and the change `along` each. */
function addUp(last, patch, columns, lines) {
  const unit = 2 / Math.max(columns, lines);
  let mean = 0;
  for (let at = 0; at < columns * lines; at++) mean += (last[at] + patch[at]) / 2;
  mean /= columns * lines;
  products.fill(0);
  along.fill(0);
  for (let line = 0; line < lines; line++) {
    const here = line * columns;
    const up = mirror(line - 1, lines) * columns;
    const down = mirror(line + 1, lines) * columns;
    const y = (line + 0.5 - lines / 2) * unit;
    for (let column = 0; column < columns; column++) {
      const before = mirror(column - 1, columns);
      const after = mirror(column + 1, columns);
      const x = (column + 0.5 - columns / 2) * unit;
      // The eight around this pixel, of both patches; corners count once, sides twice.
      const a = last[up + before];
      const b = last[up + column];
      const c = last[up + after];
      const d = last[here + before];
      const e = last[here + column];
      const f = last[here + after];
      const g = last[down + before];
      const h = last[down + column];
      const i = last[down + after];
      const A = patch[up + before];
      const B = patch[up + column];
      const C = patch[up + after];
      const D = patch[here + before];
      const E = patch[here + column];
      const F = patch[here + after];
      const G = patch[down + before];
      const H = patch[down + column];
      const I = patch[down + after];
      // Sobel's slopes, of the mean of both, are smoothed; so the change is smoothed alike.
      const slopeX = (c + C - a - A + 2 * (f + F - d - D) + i + I - g - G) / 16;
      const slopeY = (g + G - a - A + 2 * (h + H - b - B) + i + I - c - C) / 16;
      const change = (a - A + c - C + g - G + i - I + 2 * (b - B + d - D + f - F + h - H) + 4 * (e - E)) / 16;
      slopes[0] = slopeX;
      slopes[1] = slopeY;
      slopes[2] = slopeX * x + slopeY * y;
      slopes[3] = slopeY * x - slopeX * y;
      slopes[4] = (e + E) / 2 - mean;
      slopes[5] = 1;
      for (let row = 0; row < UNKNOWNS; row++) {
        along[row] += slopes[row] * change;
        for (let other = 0; other <= row; other++) products[UNKNOWNS * row + other] += slopes[row] * slopes[other];
      }
    }
  }
  for (let row = 0; row < UNKNOWNS; row++) {
    for (let other = 0; other < row; other++) products[UNKNOWNS * other + row] = products[UNKNOWNS * row + other];
  }
}

/** Solves what was added up; what the picture has no slopes for becomes 0. */
function solve(least) {
  const amounts = new Array(UNKNOWNS).fill(0);
  const solved = [];
  for (;;) {
    // The clearest of the unknowns that are left is eliminated from all others.
    let pivot = -1;
    for (let row = 0; row < UNKNOWNS; row++) {
      if (solved.includes(row)) continue;
      if (pivot < 0 || products[(UNKNOWNS + 1) * row] > products[(UNKNOWNS + 1) * pivot]) pivot = row;
    }
    if (pivot < 0 || !(products[(UNKNOWNS + 1) * pivot] > least)) break;
    solved.push(pivot);
    for (let row = 0; row < UNKNOWNS; row++) {
      if (row === pivot) continue;
      const share = products[UNKNOWNS * row + pivot] / products[(UNKNOWNS + 1) * pivot];
      for (let other = 0; other < UNKNOWNS; other++) {
        products[UNKNOWNS * row + other] -= share * products[UNKNOWNS * pivot + other];
      }
      along[row] -= share * along[pivot];
    }
  }
  for (const row of solved) amounts[row] = along[row] / products[(UNKNOWNS + 1) * row];
  return amounts;
}
