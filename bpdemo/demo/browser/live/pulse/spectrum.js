// What a spectrum says of a rhythm, as bpdemo/spectrum.py has it: its rate, and how clear and how certain that is.

import { bandPass, RATE_HZ } from "./filters.js";

const LENGTH = 2 ** 15; // zero-padded: a bin is 0.055 bpm
const BIN_HZ = RATE_HZ / LENGTH;
const HEART_RATE_HZ = [40 / 60, 200 / 60];
const SNR_BAND_HZ = [0.6, 4];
const HARMONIC_WEIGHTS = [1, 0.6, 0.3];
const BESIDE_HZ = 1.5;
const RIVAL_BAND_HZ = /** @type {const} */ ([0.35, 8]);
const LINE_HZ = 0.05;
const STANDS_OUT = 3;
const TINY = 1e-24;

/** @typedef {{power: Float64Array, columns: number}} Spectrum power at bins from 0 to 15 Hz; columns of the wave */

/** Returns the power spectrum of a wave under a Hann window, in its unit squared. @returns {Spectrum} */
export function powerSpectrum(/** @type {Float64Array} */ wave) {
  const half = LENGTH / 2;
  const [real, imaginary] = [new Float64Array(half), new Float64Array(half)];
  const mean = average(wave);
  // Of real numbers every other one can be taken for imaginary: half the work.
  wave.forEach((value, place) => {
    (place % 2 ? imaginary : real)[place >> 1] = (value - mean) * hann(place, wave.length);
  });
  transform(real, imaginary);
  const power = new Float64Array(half + 1);
  for (let bin = 0; bin <= half; bin++) {
    const at = bin % half;
    const mirrored = (half - bin) % half;
    const evenRe = (real[at] + real[mirrored]) / 2;
    const evenIm = (imaginary[at] - imaginary[mirrored]) / 2;
    const oddRe = (imaginary[at] + imaginary[mirrored]) / 2;
    const oddIm = (real[mirrored] - real[at]) / 2;
    const cos = cosines[bin];
    const sin = sines[bin];
    power[bin] = (evenRe + oddRe * cos - oddIm * sin) ** 2 + (evenIm + oddRe * sin + oddIm * cos) ** 2;
  }
  return { power, columns: wave.length };
}

/** Returns the complex amplitude of a wave at a rate, half of a sine's. @returns {[number, number]} */
export function amplitudeAt(/** @type {Float64Array} */ wave, /** @type {number} */ rateHz) {
  const mean = average(wave);
  let [real, imaginary, total] = [0, 0, 0];
  for (let place = 0; place < wave.length; place++) {
    const weight = hann(place, wave.length);
    const turn = (-2 * Math.PI * rateHz * place) / RATE_HZ;
    real += weight * (wave[place] - mean) * Math.cos(turn);
    imaginary += weight * (wave[place] - mean) * Math.sin(turn);
    total += weight;
  }
  return [real / total, imaginary / total];
}

/** Returns the frequency whose harmonic series holds the most power, of 40 to 200 bpm. */
export function heartRateHz(/** @type {Spectrum} */ { power }) {
  const [low, high] = HEART_RATE_HZ.map((hz) => Math.ceil(hz / BIN_HZ));
  const least = 0.2 * power.subarray(low, high + 1).reduce((most, value) => Math.max(most, value), 0);
  let [best, most] = [low, -1];
  for (let bin = low; bin <= high; bin++) {
    // It must hold power of its own: half a heart rate would collect the whole rate's otherwise.
    const series = HARMONIC_WEIGHTS.reduce((sum, weight, at) => sum + weight * power[bin * (at + 1)], 0);
    const score = power[bin] < least ? 0 : series;
    if (score > most) [best, most] = [bin, score];
  }
  return best * BIN_HZ;
}

/** Returns power near a rate and its second harmonic over the rest of 0.6 to 4 Hz, in dB. */
export function snrDb(/** @type {Spectrum} */ { power, columns }, /** @type {number} */ rateHz) {
  const halfWidth = Math.max(0.1, (1.5 * RATE_HZ) / columns);
  let [signal, noise] = [0, 0];
  for (let bin = Math.ceil(SNR_BAND_HZ[0] / BIN_HZ); bin * BIN_HZ <= SNR_BAND_HZ[1]; bin++) {
    const isNear =
      Math.abs(bin * BIN_HZ - rateHz) <= halfWidth || Math.abs(bin * BIN_HZ - 2 * rateHz) <= 2 * halfWidth;
    if (isNear) signal += power[bin];
    else noise += power[bin];
  }
  return decibels(signal, noise);
}

/** Returns the power at a rate over the mean power of the noise within 1.5 Hz beside it. */
export function lineToNoise(/** @type {Spectrum} */ { power, columns }, /** @type {number} */ rateHz) {
  const halfWidth = Math.max(0.15, (2 * RATE_HZ) / columns);
  let [noise, bins] = [0, 0];
  for (let bin = 0; bin < power.length; bin++) {
    const hz = bin * BIN_HZ;
    const apart = Math.abs(hz - rateHz);
    if (hz <= SNR_BAND_HZ[0] || hz >= SNR_BAND_HZ[1] || apart >= BESIDE_HZ || apart <= halfWidth) continue;
    if (Math.abs(hz - 2 * rateHz) <= halfWidth) continue;
    noise += power[bin];
    bins++;
  }
  return bins ? power[Math.round(rateHz / BIN_HZ)] / Math.max(noise / bins, TINY) : 0;
}

/** Returns the power of the stronger line at half or twice a rate over that at the rate itself, in dB. */
export function rivalDb(/** @type {Float64Array} */ wave, /** @type {number} */ rateHz) {
  const { power } = powerSpectrum(bandPass(wave, RIVAL_BAND_HZ));
  const line = (/** @type {number} */ atHz) => {
    let most = 0;
    eachBin(power, atHz, 0, LINE_HZ, (value) => (most = Math.max(most, value)));
    return most;
  };
  const standsOut = (/** @type {number} */ atHz) => {
    let [sum, bins] = [0, 0];
    eachBin(power, atHz, 3 * LINE_HZ, 8 * LINE_HZ, (value) => [sum, bins] = [sum + value, bins + 1]);
    return line(atHz) > (STANDS_OUT * sum) / bins;
  };
  const isHalf = rateHz / 2 > RIVAL_BAND_HZ[0] && standsOut(1.5 * rateHz);
  return decibels(Math.max(line(2 * rateHz), isHalf ? line(rateHz / 2) : 0), line(rateHz));
}

/** Calls with the power of each bin that lies at least `from` and less than `to` away from a frequency. */
function eachBin(power, atHz, from, to, call) {
  for (let bin = Math.max(0, Math.floor((atHz - to) / BIN_HZ)); bin < power.length && bin * BIN_HZ < atHz + to; bin++) {
    const apart = Math.abs(bin * BIN_HZ - atHz);
    if ((from === 0 || apart > from) && apart < to) call(power[bin]);
  }
}

const decibels = (signal, noise) => 10 * Math.log10(Math.max(signal, TINY) / Math.max(noise, TINY));

const average = (/** @type {Float64Array} */ wave) => wave.reduce((sum, value) => sum + value, 0) / wave.length;

const hann = (place, length) => (length === 1 ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * place) / (length - 1)));

/** Fourier transform in place, of a power of two: Cooley and Tukey's, radix 2. */
function transform(/** @type {Float64Array} */ real, /** @type {Float64Array} */ imaginary) {
  const count = real.length;
  for (let place = 1, mirrored = 0; place < count; place++) {
    let bit = count >> 1;
    for (; mirrored & bit; bit >>= 1) mirrored ^= bit;
    mirrored ^= bit;
    if (place >= mirrored) continue;
    [real[place], real[mirrored]] = [real[mirrored], real[place]];
    [imaginary[place], imaginary[mirrored]] = [imaginary[mirrored], imaginary[place]];
  }
  for (let half = 1; half < count; half *= 2) {
    const step = LENGTH / (2 * half);
    for (let start = 0; start < count; start += 2 * half) {
      for (let place = start; place < start + half; place++) {
        const cos = cosines[(place - start) * step];
        const sin = sines[(place - start) * step];
        const re = real[place + half] * cos - imaginary[place + half] * sin;
        const im = real[place + half] * sin + imaginary[place + half] * cos;
        real[place + half] = real[place] - re;
        imaginary[place + half] = imaginary[place] - im;
        real[place] += re;
        imaginary[place] += im;
      }
    }
  }
}

// Of half a turn.
const cosines = Float64Array.from({ length: LENGTH / 2 + 1 }, (_, place) => Math.cos((2 * Math.PI * place) / LENGTH));
const sines = cosines.map((_, place) => -Math.sin((2 * Math.PI * place) / LENGTH));
