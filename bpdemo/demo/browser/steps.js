// The tab of the steps: the same data as the strip's, closer.

import { drawFace } from "./face.js";
import { drawPlot } from "./plot.js";

const QUARTER = { colour: "#e6850e", width: 1, alpha: 0.85 };

/**
 * Draws what has not been drawn yet.
 *
 * @param {HTMLElement} element with the places of the pictures
 * @param {{result: import("./result.js").Result, cursor: import("./cursor.js").Cursor, ends: (() => void)[]}} view
 * @param {number[][]} colours
 */
export function drawSteps(element, { result, cursor, ends }, colours) {
  const draw = (name, drawn) => {
    const canvas = element.querySelector(`canvas[data-picture=${name}]:not([data-drawn])`);
    if (!canvas) return;
    canvas.dataset.drawn = "";
    const picture = drawn(canvas);
    ends.push(() => picture.end());
  };
  const { mean_beats: beats, spectrum, heart_rate: rate, course } = result;
  draw("cells", (canvas) => drawFace(canvas, result, cursor, colours, { asRegions: true }));
  for (const channel of ["T", "Y"]) {
    draw(`beats-${channel}`, (canvas) => {
      const lines = beats[channel].map((y, number) => ({ x: beats.time_s, y, ...(number < 4 ? QUARTER : { width: 2.4 }) }));
      return drawPlot(canvas, { lines, unit: "s", digits: 1, scaled: true });
    });
  }
  draw("spectrum", (canvas) => {
    const marks = rate ? [1, 2, 3].map((times) => ({
      x: times * rate.value,
      text: times > 1 ? `${times} ×` : `${Math.round(rate.value)} bpm`,
    })) : [];
    const spans = rate ? [{ from: rate.interval[0], to: rate.interval[1] }] : [];
    const last = spectrum.rate_bpm[spectrum.rate_bpm.length - 1];
    const lines = [{ x: spectrum.rate_bpm, y: spectrum.power, width: 1.3 }];
    return drawPlot(canvas, { lines, unit: "bpm", spans, marks: marks.filter(({ x }) => x < last) });
  });
  for (const name of ["heart_rate", "systolic", "diastolic"]) {
    draw(`course-${name}`, (canvas) => {
      const lines = [{ x: course.time_s, y: course[name] }, { x: course.time_s, y: course[name], dots: true }];
      return drawPlot(canvas, { lines, unit: "s", scaled: true });
    });
  }
}
