// The pulse in relative skin colours by GREEN, CHROM and POS, as bpdemo/pulse_methods.py has them: relative change,
// rising with the blood.

import { bandPass, RATE_HZ } from "./filters.js";

/** @typedef {Float64Array[]} Colours R, G and B over time, each over its slow mean, about 1 */

const TUNED_S = 1.6; // of POS and CHROM
const CHROM_BAND_HZ = /** @type {const} */ ([40 / 60, 240 / 60]);
const TINY = 1e-9;

/** @type {Record<string, (skin: Colours) => Float64Array>} */
export const METHODS = {
  /** Green is what blood absorbs most (Verkruysse, Svaasand, Nelson, Optics Express 16(26), 2008). */
  green: ([, green]) => green.map((value) => 1 - value),
  /** The difference of two chrominances (de Haan, Jeanne, IEEE TBME 60(10), 2013). */
  chrom: ([red, green, blue]) => {
    const first = red.map((value, place) => 3 * value - 2 * green[place]);
    const second = red.map((value, place) => -(1.5 * value + green[place] - 1.5 * blue[place]));
    return tuneProjections(bandPass(first, CHROM_BAND_HZ), bandPass(second, CHROM_BAND_HZ), hann);
  },
  /** Orthogonal to the skin's colour (POS; Wang, den Brinker, Stuijk, de Haan, IEEE TBME 64(7), 2017). */
  pos: (skin) => tuneProjections(...projections(skin)),
};

/**
 * Returns both projections of POS, turned so that blood rises.
 *
 * @param {Colours} skin
 * @returns {[Float64Array, Float64Array]}
 */
export function projections([red, green, blue]) {
  return [
    blue.map((value, place) => value - green[place]),
    red.map((value, place) => 2 * value - green[place] - blue[place]),
  ];
}

/**
 * Returns first + second std(first) / std(second): what moves two projections against each other by as much cancels.
 * The ratio is that of windows of 1.6 s; each, less its mean, counts where they overlap, by a taper if one is given.
 *
 * @param {Float64Array} first
 * @param {Float64Array} second
 * @param {(place: number, length: number) => number} [taper]
 * @returns {Float64Array}
 */
export function tuneProjections(first, second, taper) {
  const length = Math.min(Math.round(TUNED_S * RATE_HZ), first.length);
  const [one, other] = [windowMoments(first, length), windowMoments(second, length)];
  const ratios = one.spread.map((spread, at) => spread / Math.max(other.spread[at], TINY));
  const means = one.mean.map((mean, at) => mean + ratios[at] * other.mean[at]);
  const [ratio, mean] = [ratios, means].map((each) => overlap(each, length, taper));
  return first.map((value, place) => value + ratio[place] * second[place] - mean[place]);
}

/** Returns the weighted mean at each column of what is known of every window that covers it. */
function overlap(/** @type {Float64Array} */ known, /** @type {number} */ length, taper) {
  const columns = known.length + length - 1;
  const out = new Float64Array(columns);
  const weights = taper && Float64Array.from({ length }, (_, place) => taper(place, length));
  let [sum, total] = [0, 0];
  for (let place = 0; place < columns; place++) {
    if (!weights) {
      if (place < known.length) [sum, total] = [sum + known[place], total + 1];
      if (place >= length) [sum, total] = [sum - known[place - length], total - 1];
    } else {
      sum = total = 0;
      for (let at = Math.max(0, place - length + 1); at <= Math.min(place, known.length - 1); at++) {
        sum += weights[place - at] * known[at];
        total += weights[place - at];
      }
    }
    out[place] = sum / total;
  }
  return out;
}

/** Returns mean and standard deviation of every window of some columns. */
function windowMoments(/** @type {Float64Array} */ wave, /** @type {number} */ length) {
  const count = wave.length - length + 1;
  const [mean, spread] = [new Float64Array(count), new Float64Array(count)];
  const level = wave[0]; // taken off, as squares of what is far from 0 lose digits
  let [sum, squares] = [0, 0];
  for (let place = 0; place < wave.length; place++) {
    const value = wave[place] - level;
    sum += value;
    squares += value * value;
    const at = place - length + 1;
    if (at < 0) continue;
    mean[at] = level + sum / length;
    spread[at] = Math.sqrt(Math.max(squares / length - (sum / length) ** 2, 0));
    const leaving = wave[at] - level;
    sum -= leaving;
    squares -= leaving * leaving;
  }
  return { mean, spread };
}

/** A Hann window without its zeros. */
const hann = (/** @type {number} */ place, /** @type {number} */ length) =>
  0.5 - 0.5 * Math.cos((2 * Math.PI * (place + 1)) / (length + 1));
