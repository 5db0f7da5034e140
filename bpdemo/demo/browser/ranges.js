// Both pressures: how probable each range is, as a density, with reading, interval and the average person.

import { drawDot, drawLine, Picture } from "./picture.js";

const HEAD_PX = 30; // name, and room for the highest bar's number
const AXIS_PX = 26;
const GAP_PX = 10;
const INSIDE = "#e6850e";
const OUTSIDE = "#e6850e55";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./result.js").Result} result
 * @returns {Picture}
 */
export function drawRanges(canvas, { systolic, diastolic }) {
  return new Picture(canvas, {
    base(sheet) {
      const height = (sheet.height - GAP_PX) / 2;
      drawPressure(sheet, "Systolic", systolic, 0, height);
      drawPressure(sheet, "Diastolic", diastolic, height + GAP_PX, height);
    },
  });
}

function drawPressure(sheet, name, pressure, top, height) {
  const { context, width, ink, quiet, accent } = sheet;
  const { value, interval, baseline, ranges } = pressure;
  const edges = ranges.length ? [ranges[0][0], ranges[ranges.length - 1][1]] : interval;
  const low = Math.min(edges[0], interval[0]);
  const high = Math.max(edges[1], interval[1]);
  const at = (mmhg) => 6 + ((mmhg - low) / (high - low)) * (width - 12);
  const floor = top + height - AXIS_PX;
  const room = floor - top - HEAD_PX;

  // The area of a bar is its probability: a wide range must not look likelier than it is.
  const density = ([from, to, probability]) => probability / (to - from);
  const highest = Math.max(...ranges.map(density), 1e-9);
  for (const range of ranges) {
    const [from, to, probability] = range;
    const tall = (room * density(range)) / highest;
    context.fillStyle = to > interval[0] && from < interval[1] ? INSIDE : OUTSIDE;
    context.fillRect(at(from) + 0.75, floor - tall, at(to) - at(from) - 1.5, tall);
    if (at(to) - at(from) < 21 || probability < 0.005) continue;
    context.fillStyle = ink;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    const percent = `${Math.round(100 * probability)}%`;
    const isNarrow = context.measureText(percent).width > at(to) - at(from) - 2; // it would run into its neighbours
    context.fillText(isNarrow ? percent.slice(0, -1) : percent, (at(from) + at(to)) / 2, floor - tall - 1);
  }

  context.setLineDash([4, 3]);
  drawLine(sheet, [[at(baseline), top + 15], [at(baseline), floor + 9]], quiet, 1.5);
  context.setLineDash([]);
  drawLine(sheet, [[at(interval[0]), floor + 7], [at(interval[1]), floor + 7]], ink, 3);
  drawDot(sheet, at(value), floor + 7, accent, 5.5);

  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillStyle = ink;
  context.font = context.font.replace(/^/, "600 ");
  context.fillText(name, 6, top);
  context.font = context.font.replace(/^(600|bold) /, "");
  context.fillStyle = quiet;
  const right = at(baseline) > width / 2;
  context.textAlign = right ? "right" : "left";
  context.fillText("average person", at(baseline) + (right ? -4 : 4), top + 1);
  context.textAlign = "center";
  const shown = ranges.length ? [...ranges.map(([from]) => from), edges[1]] : interval.map(Math.round);
  let free = -Infinity;
  for (const edge of shown) {
    if (at(edge) < free) continue;
    context.fillText(String(edge), Math.min(Math.max(at(edge), 10), width - 10), floor + 14);
    free = at(edge) + 26;
  }
}
