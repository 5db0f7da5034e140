// Filters without delay: the same numbers as SciPy's butter and sosfiltfilt.

/** @typedef {[number, number, number, number, number]} Section b0, b1, b2, a1, a2 of a second-order section; a0 is 1 */

export const RATE_HZ = 30; // of columns, everywhere
const PAD_S = 2; // how far filters look past either end (odd reflection)

/**
 * Returns a Butterworth low pass of an even order. Its poles lie evenly on a half circle; the bilinear transform is
 * warped so that the cut-off stays where it is.
 *
 * @param {number} order
 * @param {number} cutHz
 * @param {number} rateHz of what will be filtered
 * @returns {Section[]}
 */
export function lowPass(order, cutHz, rateHz) {
  const cut = Math.tan((Math.PI * cutHz) / rateHz);
  return Array.from({ length: order / 2 }, (_, pair) => {
    const damping = 2 * cut * Math.sin((Math.PI * (2 * pair + 1)) / (2 * order));
    const gain = cut ** 2 / (1 + damping + cut ** 2);
    return section(gain, 2 * gain, gain, damping, cut ** 2);
  });
}

/**
 * Returns a Butterworth band pass of order 2: four poles. Each pole p of the low pass becomes the two roots of
 * s^2 - p width s + middle^2, which are one of each conjugate pair.
 *
 * @param {readonly [number, number]} bandHz
 * @param {number} rateHz
 * @returns {Section[]}
 */
export function bandPassSections([lowHz, highHz], rateHz) {
  const [low, high] = [lowHz, highHz].map((hz) => Math.tan((Math.PI * hz) / rateHz));
  const width = high - low;
  // p is (-1 + i) / sqrt 2, and p^2 is -i: the root of the discriminant, by its halves.
  const size = Math.hypot(4 * low * high, width ** 2);
  const real = Math.sqrt((size - 4 * low * high) / 2);
  const imaginary = -Math.sqrt((size + 4 * low * high) / 2);
  const middle = width * Math.SQRT1_2;
  return [1, -1].map((sign) => {
    const [re, im] = [(sign * real - middle) / 2, (sign * imaginary + middle) / 2];
    const square = re ** 2 + im ** 2;
    const gain = width / (1 - 2 * re + square);
    return section(gain, 0, -gain, -2 * re, square);
  });
}

/** Returns the section whose poles are the roots of s^2 + damping s + square. @returns {Section} */
function section(b0, b1, b2, damping, square) {
  const whole = 1 + damping + square;
  return [b0, b1, b2, (2 * (square - 1)) / whole, (1 - damping + square) / whole];
}

let scratch = new Float64Array(); // kept: ninety waves of one length come after each other

/**
 * Returns a wave filtered forwards and backwards. Either end is continued by `pad` values, turned about its last one,
 * and each way begins as if its first value had been there for ever.
 *
 * @param {Section[]} sections
 * @param {Float64Array} wave
 * @param {number} pad fewer than the wave's values
 * @param {number} [every] 4 returns every fourth value
 * @returns {Float64Array}
 */
export function filterBothWays(sections, wave, pad, every = 1) {
  const count = wave.length;
  if (scratch.length < count + 2 * pad) scratch = new Float64Array(count + 2 * pad);
  const padded = scratch.subarray(0, count + 2 * pad);
  padded.set(wave, pad);
  for (let place = 1; place <= pad; place++) {
    padded[pad - place] = 2 * wave[0] - wave[place];
    padded[pad + count - 1 + place] = 2 * wave[count - 1] - wave[count - 1 - place];
  }
  filterOnce(sections, padded);
  padded.reverse();
  filterOnce(sections, padded);
  const out = new Float64Array(Math.ceil(count / every));
  // The wave still runs backwards.
  for (let place = 0; place < out.length; place++) out[place] = padded[pad + count - 1 - every * place];
  return out;
}

function filterOnce(/** @type {Section[]} */ sections, /** @type {Float64Array} */ wave) {
  let start = wave[0];
  for (const [b0, b1, b2, a1, a2] of sections) {
    const gain = (b0 + b1 + b2) / (1 + a1 + a2); // of a constant
    let later = (b2 - a2 * gain) * start;
    let next = (b1 - a1 * gain) * start + later;
    for (let place = 0; place < wave.length; place++) {
      const value = wave[place];
      const out = b0 * value + next;
      next = b1 * value - a1 * out + later;
      later = b2 * value - a2 * out;
      wave[place] = out;
    }
    start *= gain;
  }
}

/** @type {Map<string, Section[]>} */
const bands = new Map();

/**
 * Returns a band of a wave at `RATE_HZ`, without delay.
 *
 * @param {Float64Array} wave
 * @param {readonly [number, number]} bandHz
 * @returns {Float64Array}
 */
export function bandPass(wave, bandHz) {
  const name = bandHz.join();
  const sections = bands.get(name) ?? bandPassSections(bandHz, RATE_HZ);
  bands.set(name, sections);
  return filterBothWays(sections, wave, Math.min(PAD_S * RATE_HZ, wave.length - 1));
}
