// The average beat, with the beats it is made of behind it; the one under the cursor is lit.

import { drawAxis, drawCursor, drawLine, followPointer, Picture } from "./picture.js";

const BELOW_PX = 20;
const SIDE_PX = 8;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./result.js").Result} result
 * @param {import("./cursor.js").Cursor} cursor
 * @returns {Picture}
 */
export function drawBeat(canvas, { beats }, cursor) {
  const { time_s: timesS, each, mean, upstrokes_s: upstrokesS } = beats;
  const [firstS, lastS] = [timesS[0], timesS[timesS.length - 1]];
  const all = each.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  let box = { width: 1, height: 1 };
  const at = (timeS) => SIDE_PX + ((timeS - firstS) / (lastS - firstS)) * (box.width - 2 * SIDE_PX);
  const up = (percent) => 6 + ((high - percent) / (high - low || 1)) * (box.height - 12);
  const points = (values) => values.map((value, place) => [at(timesS[place]), up(value)]);
  /** @returns {number} the beat that the cursor is in, -1 for none */
  const lit = () => upstrokesS.findLastIndex((upS) => cursor.timeS >= upS + firstS && cursor.timeS <= upS + lastS);

  const picture = new Picture(canvas, {
    base(sheet) {
      box = { width: sheet.width, height: sheet.height - BELOW_PX };
      sheet.context.globalAlpha = 0.45;
      for (const beat of each) drawLine(sheet, points(beat), "#e6850e");
      sheet.context.globalAlpha = 1;
      drawLine(sheet, points(mean), sheet.accent, 3);
      drawAxis(sheet, { at, y: box.height, low: firstS, high: lastS, most: box.width / 55, unit: "s", digits: 1 });
    },
    over(sheet) {
      const beat = lit();
      if (beat < 0) return;
      drawLine(sheet, points(each[beat]), "#d55e00", 2);
      drawCursor(sheet, at(cursor.timeS - upstrokesS[beat]), 0, box.height);
    },
  });
  followPointer(canvas, {
    drag(x) {
      const beat = Math.max(lit(), 0);
      const timeS = firstS + ((x - SIDE_PX) / (box.width - 2 * SIDE_PX)) * (lastS - firstS);
      cursor.move({ timeS: upstrokesS[beat] + Math.min(Math.max(timeS, firstS), lastS) });
    },
  });
  cursor.addEventListener("move", () => picture.moved());
  return picture;
}
