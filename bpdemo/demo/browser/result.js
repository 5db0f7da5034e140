// A result on the page: draws the pictures of its strip from what the server sent with it, under one cursor.

import { drawBeat } from "./beat.js";
import { showClip } from "./clip.js";
import { Cursor } from "./cursor.js";
import { drawFace } from "./face.js";
import { drawMap } from "./map.js";
import { drawRanges } from "./ranges.js";
import { drawWave } from "./wave.js";

/**
 * @typedef {object} Pressure mmHg
 * @property {number} value
 * @property {[number, number]} interval
 * @property {number} baseline the average person's
 * @property {[number, number, number][]} ranges from, to, probability; none of a model that gives a value alone
 */

/**
 * @typedef {object} Result what the server sends with a result, beside its words; null what there is not
 * @property {string} clip the file's name
 * @property {string} id of this result alone
 * @property {string} key under which this browser has the clip; empty for an example
 * @property {string | null} example its file
 * @property {number | null} number of the example
 * @property {string} status reading, refused or error
 * @property {string} verdict in two words
 * @property {string} reason the first, why there is no reading; empty for one
 * @property {string | null} model
 * @property {string} method
 * @property {Pressure | null} systolic
 * @property {Pressure | null} diastolic
 * @property {{value: number, interval: [number, number], snr_db: number} | null} heart_rate
 * @property {{picture: string, width: number, height: number, outlines: number[][][] | null,
 *   strength: (number | null)[], limit: number} | null} face strength and limit in %
 * @property {{start_s: number, rate_hz: number, columns: number, limits: Record<string, number>,
 *   rows: {region: string, colour: string, words: string}[],
 *   channels: Record<string, string>, raw: Record<string, string>} | null} map bytes in base 64; 127 is twice the limit
 * @property {{start_s: number, rate_hz: number, values: number[], beats_s: number[]} | null} wave in %
 * @property {{name: string, rate_bpm: number, snr_db: number, values: number[]}[]} methods of finding the pulse, each wave
 *   in %; a network's without unit
 * @property {{time_s: number[], each: number[][], mean: number[], upstrokes_s: number[]} | null} beats in %
 * @property {{rate_bpm: number[], power: number[]} | null} spectrum
 * @property {{time_s: number[], T: number[][], Y: number[][]} | null} mean_beats in %: four of a quarter each, then all
 * @property {{time_s: number[], heart_rate: (number | null)[], systolic: (number | null)[],
 *   diastolic: (number | null)[]} | null} course over the windows of a long clip
 * @property {{name: string, systolic: Pressure, diastolic: Pressure}[]} models what each makes of the clip
 * @property {{time_s: number, picture: string}[]} pictures of the clip
 * @property {string} package the estimate, sealed by the server: it makes files of it
 */

/**
 * Draws the pictures of a fresh strip; whoever removes the strip calls `end` before.
 *
 * @param {HTMLElement} strip with the data and the places of the pictures in it
 * @param {{colours: number[][], address?: (result: Result) => string | undefined}} from table of colours, and where the
 *   clip is played from
 * @returns {{result: Result, cursor: Cursor, ends: (() => void)[], end: () => void}}
 */
export function showResult(strip, { colours, address = () => undefined }) {
  const result = JSON.parse(strip.querySelector("template[data-result]").content.textContent);
  const { map, wave } = result;
  const start = map?.start_s ?? wave?.start_s ?? 0;
  const cursor = new Cursor(start, start + (map ? map.columns / map.rate_hz : 15), map?.rows.length ?? 0);
  const ends = [];
  const at = (name) => strip.querySelector(`[data-picture=${name}]`);
  const draw = (name, drawn) => {
    const canvas = at(name);
    if (!canvas || !drawn) return undefined;
    const picture = drawn(canvas);
    ends.push(() => picture.end());
    return picture;
  };
  draw("face", result.face && ((canvas) => drawFace(canvas, result, cursor, colours)));
  const drawnMap = draw("map", map && ((canvas) => drawMap(canvas, result, cursor, colours)));
  draw("wave", wave && ((canvas) => drawWave(canvas, result, cursor)));
  draw("beat", result.beats && ((canvas) => drawBeat(canvas, result, cursor)));
  draw("ranges", result.systolic && ((canvas) => drawRanges(canvas, result)));
  if (at("clip")) ends.push(showClip(at("clip"), result, cursor, address(result)));
  if (drawnMap) ends.push(switchChannels(strip, drawnMap));
  if (map) ends.push(tell(strip, at("map"), result, cursor));
  strip.dataset.drawn = "";
  // Whoever draws more of this result adds to `ends` how to let it go.
  return { result, cursor, ends, end: () => ends.forEach((end) => end()) };
}

/** Has the buttons above the map choose what it shows. */
function switchChannels(strip, map) {
  const change = () => {
    const { value } = strip.querySelector("[data-channel]:checked");
    map.show(value, strip.querySelector("[data-raw]").checked);
  };
  const parts = strip.querySelectorAll("[data-channel], [data-raw]");
  for (const part of parts) part.addEventListener("change", change);
  return () => parts.forEach((part) => part.removeEventListener("change", change));
}

/** Says in words where the cursor is: to read, and to hear when the map has the focus. */
function tell(strip, canvas, { map }, cursor) {
  const words = strip.querySelector("[data-cursor]");
  const slider = strip.querySelector("[data-time]");
  const update = () => {
    const row = cursor.row === null ? "" : map.rows[cursor.row].words;
    words.textContent = row;
    slider.value = cursor.timeS;
    slider.setAttribute("aria-valuetext", `${cursor.timeS.toFixed(1)} seconds`);
    canvas.setAttribute("aria-valuenow", (cursor.row ?? 0) + 1);
    canvas.setAttribute("aria-valuetext", row || "no cell");
  };
  const slide = () => cursor.move({ timeS: Number(slider.value) });
  slider.addEventListener("input", slide);
  cursor.addEventListener("move", update);
  update();
  return () => slider.removeEventListener("input", slide);
}
