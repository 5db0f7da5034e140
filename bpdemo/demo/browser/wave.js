// The pulse wave below the map, on the same time axis: its beats, other methods behind it, and the chosen cell's trace.

import { BYTES_AT_LIMIT, decodeBytes, NOT_MEASURED } from "./arrays.js";
import { GUTTER_PX, RIGHT_PX } from "./bands.js";
import { drawAxis, drawCursor, drawDot, drawLine, followPointer, Picture } from "./picture.js";

const BELOW_PX = 18;
const ROOM = 1.15; // above the highest peak
export const LEAST_PERCENT = 0.5; // so high at least, that what has no pulse stays flat

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./result.js").Result} result
 * @param {import("./cursor.js").Cursor} cursor
 * @returns {Picture}
 */
export function drawWave(canvas, { wave, map, heart_rate: heartRate }, cursor) {
  const endS = cursor.endS;
  const highest = Math.max(ROOM * Math.max(...wave.values.map(Math.abs)), LEAST_PERCENT);
  const trace = map && decodeBytes(map.channels.T);
  let box = { left: GUTTER_PX, width: 1, height: 1 };
  const at = (timeS) => box.left + ((timeS - cursor.startS) / (endS - cursor.startS)) * box.width;
  const up = (percent) => (box.height / 2) * (1 - percent / highest);
  const points = (values) => values.map((value, column) => [at(wave.start_s + column / wave.rate_hz), up(value)]);

  const picture = new Picture(canvas, {
    base(sheet) {
      const { context, width, height, quiet, accent } = sheet;
      box = { left: GUTTER_PX, width: width - GUTTER_PX - RIGHT_PX, height: height - BELOW_PX };
      context.fillStyle = quiet;
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText(`±${highest.toFixed(1)} %`, box.left - 8, box.height / 2);
      drawLine(sheet, points(wave.values), accent, 1.6);
      if (heartRate) {
        for (const beatS of wave.beats_s) {
          const column = Math.round((beatS - wave.start_s) * wave.rate_hz);
          drawDot(sheet, at(beatS), up(wave.values[column] ?? 0), "#d55e00");
        }
      }
      drawAxis(sheet, { at, y: box.height, low: cursor.startS, high: endS, most: box.width / 60, unit: "s" });
    },
    over(sheet) {
      if (cursor.row !== null && trace) {
        const row = trace.subarray(cursor.row * map.columns, (cursor.row + 1) * map.columns);
        const unit = map.limits.T / BYTES_AT_LIMIT;
        const values = Array.from(row, (byte) => (byte === NOT_MEASURED ? NaN : byte * unit));
        sheet.context.save();
        sheet.context.beginPath();
        sheet.context.rect(box.left, 0, box.width, box.height);
        sheet.context.clip();
        drawLine(sheet, points(values), map.rows[cursor.row].colour, 1.4);
        sheet.context.restore();
      }
      drawCursor(sheet, at(cursor.timeS), 0, box.height);
    },
  });
  followPointer(canvas, {
    drag: (x) => cursor.move({ timeS: cursor.startS + ((x - box.left) / box.width) * (endS - cursor.startS) }),
  });
  cursor.addEventListener("move", () => picture.moved());
  return picture;
}
