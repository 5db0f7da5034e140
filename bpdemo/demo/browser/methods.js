// The pulse of one clip by every method, one below the other on one time axis.

import { drawAxis, drawCursor, drawLine, Picture } from "./picture.js";
import { LEAST_PERCENT } from "./wave.js";
import { make } from "./words.js";

const AXIS_PX = 18;
const SIDE_PX = 8;

/**
 * @param {HTMLElement} place
 * @param {{result: import("./result.js").Result, cursor: import("./cursor.js").Cursor, ends: (() => void)[]}} view
 */
export function showMethods(place, { result, cursor, ends }) {
  const { methods, wave } = result;
  if (!methods.length) {
    place.replaceChildren(make("p", { class: "bp-quiet" }, "No skin was seen."));
    return;
  }
  const rows = methods.map((method, row) => {
    const highest = Math.max(...method.values.map(Math.abs), LEAST_PERCENT);
    const unit = ["green", "chrom", "pos"].includes(method.name) ? ` ±${highest.toFixed(1)} %` : ""; // a network's wave has none
    const rate = `${Math.round(method.rate_bpm)} bpm`;
    const snr = `SNR ${method.snr_db.toFixed(0)} dB`;
    const canvas = make("canvas", { role: "img", "aria-label": `Pulse wave by ${method.name.toUpperCase()}` });
    const isLast = row === methods.length - 1;
    if (isLast) canvas.className = "bp-with-axis";
    const picture = drawMethod(/** @type {HTMLCanvasElement} */ (canvas), { method, wave, highest, cursor, isLast });
    ends.push(() => picture.end());
    const used = method.name === result.method ? " (used)" : "";
    const title = make("p", {}, make("b", {}, method.name.toUpperCase()), `${used} ${rate}, ${snr}`);
    title.append(make("span", { class: "bp-quiet" }, unit));
    return make("div", { class: "bp-method" }, title, canvas);
  });
  place.replaceChildren(...rows);
}

function drawMethod(canvas, { method, wave, highest, cursor, isLast }) {
  const { start_s: startS, rate_hz: rateHz } = wave;
  const endS = startS + method.values.length / rateHz;
  let box = { width: 1, height: 1 };
  const at = (timeS) => SIDE_PX + ((timeS - startS) / (endS - startS)) * (box.width - 2 * SIDE_PX);
  const picture = new Picture(canvas, {
    base(sheet) {
      box = { width: sheet.width, height: sheet.height - (isLast ? AXIS_PX : 0) };
      const up = (value) => (box.height / 2) * (1 - value / highest);
      drawLine(sheet, method.values.map((value, column) => [at(startS + column / rateHz), up(value)]), sheet.accent, 1.4);
      const scale = { at, y: box.height, low: startS, high: endS, most: box.width / 60, unit: "s" };
      if (isLast) drawAxis(sheet, scale);
    },
    over: (sheet) => drawCursor(sheet, at(cursor.timeS), 0, box.height),
  });
  cursor.addEventListener("move", () => picture.moved());
  return picture;
}
