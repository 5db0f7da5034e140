// The pulse of a window and what is asked before it is believed, as bpdemo/pulse.py measures it.

import { middle } from "../../arrays.js";
import { bandPass } from "./filters.js";
import { onLines } from "./interpolate.js";
import { METHODS, projections } from "./methods.js";
import { amplitudeAt, heartRateHz, lineToNoise, powerSpectrum, rivalDb, snrDb } from "./spectrum.js";

/** @typedef {import("./resample.js").Traces} Traces */
/** @typedef {Float64Array[]} Colours */

const PULSE_BAND_HZ = /** @type {const} */ ([0.6, 8]);
const LUMA = [0.299, 0.587, 0.114];
const CERTAIN = 3; // line over noise from which a phase says something
const TINY = 1e-12;

/**
 * @typedef {object} Skin the averaged skin of a window
 * @property {Colours} colours
 * @property {Float64Array} weights of each cell, 0 where not measured
 */

/** Returns the skin of a window's cells, the quieter the cell the higher its weight. @returns {Skin} */
export function averageSkin(/** @type {Traces} */ traces) {
  const weights = cellWeights(traces);
  return { colours: average(traces, weights, traces.mask.keys()), weights };
}

/** Returns the pulse wave: relative change of the skin's colour. @param {Colours} colours @param {string} method */
export const pulseWave = (colours, method) => bandPass(METHODS[method](colours), PULSE_BAND_HZ);

/**
 * Returns what is measured of the strongest rhythm of a window: rates by method, and answers to evidence.json, by name.
 *
 * @param {Traces} traces of the cells, some of them measured
 * @param {Skin} skin
 * @param {string[]} regions of each cell
 * @param {Colours | null} around the head, NaN nowhere; null when not known
 * @param {Float64Array[] | null} position of the head, x and y in face widths; null when not known
 */
export function measurePulse(traces, skin, regions, around, position) {
  const waves = Object.fromEntries(Object.keys(METHODS).map((name) => [name, pulseWave(skin.colours, name)]));
  const spectra = Object.fromEntries(Object.entries(waves).map(([name, wave]) => [name, powerSpectrum(wave)]));
  const ratesHz = Object.fromEntries(Object.entries(spectra).map(([name, spectrum]) => [name, heartRateHz(spectrum)]));
  const rateHz = ratesHz.pos;
  const luma = bandPass(lumaOf(skin.colours), PULSE_BAND_HZ);
  const amplitude = swing(waves.pos, rateHz);
  return {
    rateHz,
    ratesHz,
    amplitude,
    rivalDb: rivalDb(METHODS.pos(skin.colours), rateHz),
    answers: {
      snr_db: snrDb(spectra.pos, rateHz),
      others_snr_db: Math.max(snrDb(spectra.green, rateHz), snrDb(spectra.chrom, rateHz)),
      region_agreement: regionAgreement(traces, skin.weights, regions, rateHz),
      colour_agreement: colourAgreement(skin.colours, rateHz),
      brightness_ratio: swing(luma, rateHz) / Math.max(amplitude, TINY),
      light_share: around ? share(pulseWave(around, "pos"), waves.pos, rateHz) : NaN,
      surround_share: around ? share(bandPass(lumaOf(around), PULSE_BAND_HZ), luma, rateHz) : NaN,
      head_swing: position ? Math.hypot(...position.map((axis) => swing(bandPass(axis, PULSE_BAND_HZ), rateHz))) : NaN,
    },
  };
}

/**
 * Returns each cell's inverse noise power. Noise is read from the second difference in time, which leaves almost none of
 * a pulse; a cell with gaps gets the others' median noise, as gaps would pass for quietness.
 */
function cellWeights(/** @type {Traces} */ { relative, mask }) {
  const noise = mask.map((row, cell) => {
    if (!row.includes(1)) return Infinity;
    if (row.includes(0)) return NaN;
    const [red, green] = [relative[3 * cell], relative[3 * cell + 1]];
    const hue = green.map((value, place) => value - red[place]);
    return variance(hue.map((value, place) => value - 2 * hue[place + 1] + hue[place + 2]).subarray(0, -2));
  });
  const known = noise.filter(Number.isFinite).sort((one, other) => one - other);
  const usual = known.length ? middle(known) : 1;
  return Float64Array.from(noise, (value) => 1 / Math.max(Number.isNaN(value) ? usual : value, 1e-10));
}

/** Returns the weighted mean colours of some cells; gaps in time are bridged by straight lines. @returns {Colours} */
function average(/** @type {Traces} */ { columns, relative, mask }, /** @type {Float64Array} */ weights, cells) {
  const total = new Float64Array(columns);
  const sums = [0, 1, 2].map(() => new Float64Array(columns));
  for (const cell of cells) {
    for (let column = 0; column < columns; column++) {
      if (!mask[cell][column]) continue;
      total[column] += weights[cell];
      for (let channel = 0; channel < 3; channel++) {
        sums[channel][column] += weights[cell] * (relative[3 * cell + channel][column] - 1);
      }
    }
  }
  const every = Float64Array.from(total.keys());
  const known = every.filter((column) => total[column] > 0);
  return sums.map((sum) => onLines(known, known.map((column) => sum[column] / total[column] + 1), every));
}

/** Returns the length of the regions' mean phase vector at a rate, 0 to 1. */
function regionAgreement(/** @type {Traces} */ traces, weights, /** @type {string[]} */ regions, rateHz) {
  const phases = [];
  for (const region of new Set(regions)) {
    const cells = [...regions.keys()].filter((cell) => regions[cell] === region && weights[cell] > 0);
    if (cells.length) phases.push(unit(amplitudeAt(pulseWave(average(traces, weights, cells), "pos"), rateHz)));
  }
  if (phases.length < 2) return 0;
  return Math.hypot(...[0, 1].map((part) => phases.reduce((sum, phase) => sum + phase[part], 0))) / phases.length;
}

/** Returns the cosine of the phase between both projections of POS, shrunk by how far each stands out of its noise. */
function colourAgreement(/** @type {Colours} */ colours, /** @type {number} */ rateHz) {
  const both = projections(colours.map((each) => bandPass(each, PULSE_BAND_HZ)));
  const [first, second] = both.map((wave) => unit(amplitudeAt(wave, rateHz)));
  const clear = both.map((wave) => lineToNoise(powerSpectrum(wave), rateHz)).map((ratio) => ratio / (ratio + CERTAIN));
  return clear[0] * clear[1] * (first[0] * second[0] + first[1] * second[1]);
}

/** Returns the part of a wave at a rate that the light around the head shares, in step with it, 0 to 1. */
function share(/** @type {Float64Array} */ light, /** @type {Float64Array} */ wave, /** @type {number} */ rateHz) {
  const [around, pulse] = [amplitudeAt(light, rateHz), amplitudeAt(wave, rateHz)];
  const inStep = around[0] * pulse[0] + around[1] * pulse[1];
  return Math.min(Math.max(inStep / Math.max(pulse[0] ** 2 + pulse[1] ** 2, TINY ** 2), 0), 1);
}

/** Returns half the peak-to-peak height of a wave at a rate. */
const swing = (/** @type {Float64Array} */ wave, /** @type {number} */ rateHz) =>
  2 * Math.hypot(...amplitudeAt(wave, rateHz));

const lumaOf = (/** @type {Colours} */ [red, green, blue]) =>
  red.map((value, place) => LUMA[0] * value + LUMA[1] * green[place] + LUMA[2] * blue[place]);

const unit = (/** @type {[number, number]} */ [real, imaginary]) => {
  const size = Math.max(Math.hypot(real, imaginary), TINY);
  return [real / size, imaginary / size];
};

function variance(/** @type {Float64Array} */ values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
