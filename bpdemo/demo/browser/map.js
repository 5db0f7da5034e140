// The STMap: one row a cell, one column a moment, one fixed scale for every clip, so that what has no pulse stays dark.

import { decodeBytes } from "./arrays.js";
import { Bands, GUTTER_PX, paint, RIGHT_PX } from "./bands.js";
import { drawAxis, drawCursor, followPointer, Picture } from "./picture.js";

const BELOW_PX = 20;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./result.js").Result} result
 * @param {import("./cursor.js").Cursor} cursor
 * @param {number[][]} colours
 * @returns {Picture & {show: (channel: string, isRaw: boolean) => void}}
 */
export function drawMap(canvas, result, cursor, colours) {
  const { map } = result;
  const endS = map.start_s + map.columns / map.rate_hz;
  const bands = new Bands(map.rows);
  const image = document.createElement("canvas");
  let box = { left: GUTTER_PX, width: 1, height: 1 };

  const at = (timeS) => box.left + ((timeS - map.start_s) / (endS - map.start_s)) * box.width;

  const picture = new Picture(canvas, {
    base(sheet) {
      const { width, height } = sheet;
      box = { left: GUTTER_PX, width: width - GUTTER_PX - RIGHT_PX, height: height - BELOW_PX };
      bands.drawNames(sheet, box);
      bands.drawImage(sheet, image, box);
      drawAxis(sheet, { at, y: box.height, low: map.start_s, high: endS, most: box.width / 60, unit: "s" });
    },
    over(sheet) {
      drawCursor(sheet, at(cursor.timeS), 0, box.height);
      if (cursor.row === null) return;
      const [top, each] = bands.place(cursor.row, box.height);
      const { context } = sheet;
      for (const [colour, out, width] of /** @type {const} */ ([["#000a", 1.5, 1], ["#fff", 0.5, 1.5]])) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.strokeRect(box.left - out, top - out, box.width + 2 * out, each + 2 * out);
      }
    },
  });

  const show = (channel, isRaw) => {
    paint(image, decodeBytes((isRaw ? map.raw : map.channels)[channel]), map.rows.length, colours);
    picture.redraw();
  };
  show("T", false);

  followPointer(canvas, {
    drag: (x) => cursor.move({ timeS: map.start_s + ((x - box.left) / box.width) * (endS - map.start_s) }),
    hover: (x, y) => cursor.move({ row: x >= box.left && y < box.height ? bands.rowAt(y, box.height) : null }),
    leave: () => cursor.move({ row: null }),
  });
  const keys = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const step = keys[event.key];
    if (!step) return;
    event.preventDefault();
    const [down, across] = step;
    const row = cursor.row === null ? 0 : cursor.row + down;
    cursor.move(down ? { row } : { timeS: cursor.timeS + across / 10 });
  });
  cursor.addEventListener("move", () => picture.moved());
  return Object.assign(picture, { show });
}
