// Cell colours of a face, as the camera gives them, become what is shown live: map, pulse wave and heart rate.

import { probability } from "./evidence.js";
import { RATE_HZ } from "./filters.js";
import { Frames } from "./frames.js";
import { onLines } from "./interpolate.js";
import { averageSkin, measurePulse, pulseWave } from "./pulse.js";
import { resample } from "./resample.js";
import { shownMap, toBytes } from "./shown_map.js";

/**
 * @typedef {object} Preview what was seen in the last 15 s at most
 * @property {number} startS of the first column, on the clock of the frames
 * @property {number} columns of the map, 30 a second
 * @property {Int8Array} map T of each cell, row after row, as a result's map has it
 * @property {Float32Array} wave the pulse wave at each column, %; nothing before 3 s of face
 * @property {"waiting" | "none" | "pulse"} state before 8 s of face; no pulse seen; a pulse
 * @property {number | null} bpm heart rate, where a pulse is seen
 * @property {number} seenS of these seconds, how many show a face
 */
/** @typedef {ReturnType<typeof measurePulse>} Pulse */

const WINDOW_COLUMNS = 15 * RATE_HZ;
const FROM_S = { wave: 3, rate: 8 };
export const MAX_GAP_S = 1; // without a face, or without frames, as in a hidden tab: longer ones begin anew
const ANSWER_EVERY_S = 1;
const LATEST_BEHIND_S = 0.25; // filters know the very last columns least, and previews come four times a second
const SHORT_S = 9.5;
const MIN_PROBABILITY = { short: 0.7, long: 0.5 };
const MAX_LIGHT_SHARE = 0.5;
const AMPLITUDE = [0.0003, 0.03];
const RATE_BPM = [41, 199];
const APART_BPM = 4; // CHROM and POS; GREEN does not count, as light that moves has it name any rate
const [SURROUND, POSITION] = [3, 2]; // numbers a frame

export class Signal {
  #places;
  #frames;
  #answer = { atS: -Infinity, bpm: /** @type {number | null} */ (null) };
  /** @type {{startS: number, rows: Float64Array[]}} */
  #shown = { startS: 0, rows: [] };

  /**
   * @param {object} what
   * @param {import("./evidence.js").Evidence} what.evidence
   * @param {{name: string, region: string}[]} what.cells
   * @param {number} what.limitT the scale's end of T, %
   */
  constructor({ evidence, cells, limitT }) {
    this.evidence = evidence;
    this.regions = cells.map(({ region }) => region);
    this.limitT = limitT;
    this.#places = { surround: 3 * cells.length, position: 3 * cells.length + SURROUND };
    this.#frames = new Frames(3 * cells.length + SURROUND + POSITION, WINDOW_COLUMNS / RATE_HZ + 0.5);
  }

  /**
   * Takes what was seen on a frame that is later than all before.
   *
   * @param {number} timeS
   * @param {Float32Array} colours R, G, B of each cell, 0 to 255; NaN where not seen
   * @param {Iterable<number> | number} surround R, G, B around the head, or NaN
   * @param {Iterable<number> | number} position x and y of the face's middle in face widths, or NaN
   */
  add(timeS, colours, surround, position) {
    const isSeen = colours.some((value) => !Number.isNaN(value));
    if (timeS - this.#frames.lastSeenS > MAX_GAP_S) this.clear();
    const around = typeof surround === "number" ? [NaN, NaN, NaN] : surround;
    const middle = typeof position === "number" ? [NaN, NaN] : position;
    this.#frames.add(timeS, isSeen, [...colours, ...around, ...middle]);
  }

  /** Forgets all that was seen. */
  clear() {
    this.#frames.clear();
    this.#answer = { atS: -Infinity, bpm: null };
    this.#shown = { startS: 0, rows: [] };
  }

  /** Returns what was seen in the last 15 s at most. @returns {Preview} */
  preview() {
    const { timeS, beganS } = this.#frames;
    const now = timeS.at(-1);
    if (now === undefined) return nothingSeen();
    // Columns stay where they are while the window moves on.
    const all = Math.floor((now - beganS) * RATE_HZ + 1e-6) + 1;
    const columns = Math.min(all, WINDOW_COLUMNS);
    const startS = beganS + (all - columns) / RATE_HZ;
    const traces = resample(this.#frames, 0, this.regions.length, startS, columns);
    const seenS = seenColumns(traces.mask) / RATE_HZ;
    this.#shown = { startS, rows: shownMap(traces) };
    const skin = traces.mask.some((row) => row.includes(1)) ? averageSkin(traces) : null;
    if (!skin || seenS < FROM_S.rate) this.#answer = { atS: -Infinity, bpm: null };
    else if (now - this.#answer.atS >= ANSWER_EVERY_S) {
      const [around, position] = [this.#around(startS, columns), this.#position(startS, columns)];
      const pulse = measurePulse(traces, skin, this.regions, around, position);
      this.#answer = { atS: now, bpm: this.#isPulse(pulse, columns / RATE_HZ) ? 60 * pulse.rateHz : null };
    }
    const { bpm } = this.#answer;
    return {
      startS,
      columns,
      map: toBytes(this.#shown.rows, this.limitT),
      wave: Float32Array.from(skin && seenS >= FROM_S.wave ? pulseWave(skin.colours, "pos") : [], inPercent),
      state: seenS < FROM_S.rate ? "waiting" : bpm === null ? "none" : "pulse",
      bpm,
      seenS,
    };
  }

  /** Returns T of each cell in % a quarter of a second ago, as the last preview has it; NaN where unknown. */
  latest() {
    const { startS, rows } = this.#shown;
    const column = Math.floor(((this.#frames.timeS.at(-1) ?? 0) - LATEST_BEHIND_S - startS) * RATE_HZ);
    return Float32Array.from(this.regions, (_, cell) => rows[cell]?.[Math.min(column, rows[cell].length - 1)] ?? NaN);
  }

  /** Returns whether a rhythm is told as a pulse: as on the server (bpdemo/quality.py), and by methods that agree. */
  #isPulse(/** @type {Pulse} */ { answers, amplitude, rateHz, ratesHz, rivalDb }, /** @type {number} */ windowS) {
    const least = windowS < SHORT_S ? MIN_PROBABILITY.short : MIN_PROBABILITY.long;
    return (
      probability(this.evidence, answers) >= least &&
      !(answers.light_share > MAX_LIGHT_SHARE) &&
      amplitude >= AMPLITUDE[0] && amplitude <= AMPLITUDE[1] &&
      60 * rateHz >= RATE_BPM[0] && 60 * rateHz <= RATE_BPM[1] &&
      60 * Math.abs(ratesHz.chrom - rateHz) < APART_BPM &&
      rivalDb <= 0
    );
  }

  /** Returns the relative colours around the head; null where some are not known. */
  #around(/** @type {number} */ startS, /** @type {number} */ columns) {
    const { relative, mask } = resample(this.#frames, this.#places.surround, 1, startS, columns);
    return mask[0].includes(0) ? null : relative;
  }

  /** Returns where the head was, x and y in face widths; null where never known. */
  #position(/** @type {number} */ startS, /** @type {number} */ columns) {
    const { timeS, values, width } = this.#frames;
    const axes = [0, 1].map((axis) => timeS.map((_, frame) => values[frame * width + this.#places.position + axis]));
    const seen = [...timeS.keys()].filter((frame) => Number.isFinite(axes[0][frame] + axes[1][frame]));
    if (!seen.length) return null;
    const wantedS = Float64Array.from({ length: columns }, (_, column) => startS + column / RATE_HZ);
    const of = (/** @type {Float64Array} */ all) => seen.map((frame) => all[frame]);
    return axes.map((axis) => onLines(of(timeS), of(axis), wantedS));
  }
}

const inPercent = (/** @type {number} */ change) => 100 * change;

/** Returns how many columns show at least half of the cells. @param {Uint8Array[]} mask */
function seenColumns(mask) {
  const measured = mask[0].map((_, column) => mask.reduce((sum, row) => sum + row[column], 0));
  return measured.filter((cells) => cells >= mask.length / 2).length;
}

/** @returns {Preview} */
const nothingSeen = () => ({
  startS: 0, columns: 0, map: new Int8Array(), wave: new Float32Array(), state: "waiting", bpm: null, seenS: 0,
});
