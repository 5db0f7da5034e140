// The pulse wave of the last seconds, on one scale: what has no pulse stays flat.

import { GUTTER_PX, RIGHT_PX } from "../../bands.js";
import { drawDot, drawLine, Picture } from "../../picture.js";
import { LEAST_PERCENT } from "../../wave.js";

const WAVE_S = 3; // of face make a wave
const EDGE_PX = 3;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./timeline.js").Timeline} timeline
 * @returns {Picture & {show: (preview: import("../pulse/signal.js").Preview) => void}}
 */
export function drawTrace(canvas, timeline) {
  /** @type {import("../pulse/signal.js").Preview | null} */
  let shown = null;

  const over = (sheet) => {
    const { context, width, height, quiet, accent } = sheet;
    if (!shown) return;
    const box = { left: GUTTER_PX, width: width - GUTTER_PX - RIGHT_PX };
    const { wave, startS, seenS } = shown;
    context.fillStyle = quiet;
    context.textBaseline = "middle";
    if (!wave.length) {
      context.textAlign = "left";
      const missingS = Math.max(Math.ceil(WAVE_S - seenS), 1);
      context.fillText(seenS ? `pulse wave in ${missingS} s` : "waiting for a face", box.left, height / 2);
      return;
    }
    const highest = scaleEnd(wave);
    const up = (percent) => height / 2 - (percent / highest) * (height / 2 - EDGE_PX);
    context.textAlign = "right";
    context.fillText(`±${highest} %`, box.left - 8, height / 2);
    context.save();
    context.beginPath();
    context.rect(box.left, 0, timeline.at(timeline.endS, box) - box.left, height);
    context.clip();
    const points = Array.from(wave, (percent, column) => [timeline.at(startS + column / 30, box), up(percent)]);
    drawLine(sheet, points, accent, 1.6);
    context.restore();
    const last = wave[Math.min(Math.max(Math.round((timeline.endS - startS) * 30), 0), wave.length - 1)];
    if (Number.isFinite(last)) drawDot(sheet, timeline.at(timeline.endS, box), up(last), accent, 3);
  };

  const picture = new Picture(canvas, { base() {}, over });
  const show = (preview) => (shown = preview);
  return Object.assign(picture, { show });
}

/** @returns {number} % at the scale's end: half a percent, or the first doubling of it that the wave fits in */
function scaleEnd(wave) {
  let end = LEAST_PERCENT;
  for (const percent of wave) while (Math.abs(percent) > end) end *= 2;
  return end;
}
