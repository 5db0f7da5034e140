// The STMap: one row a cell, one column a moment, one fixed scale for every clip, so that what has no pulse stays dark.

import { decodeBytes } from "./arrays.js";
import { colourAt } from "./colours.js";
import { drawAxis, drawCursor, followPointer, Picture } from "./picture.js";

export const GUTTER_PX = 74; // left of the columns: the regions' names
export const RIGHT_PX = 8;
const BELOW_PX = 20;
const BAND_PX = 5;
const GAP_PX = 2; // between regions
const MISSING = -128; // stands for what was not measured

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./result.js").Result} result
 * @param {import("./cursor.js").Cursor} cursor
 * @param {number[][]} colours
 * @returns {Picture & {show: (channel: string, isRaw: boolean) => void}}
 */
export function drawMap(canvas, result, cursor, colours) {
  const { map } = result;
  const columns = map.columns;
  const endS = map.start_s + columns / map.rate_hz;
  const bands = regionBands(map.rows);
  const image = document.createElement("canvas");
  [image.width, image.height] = [columns, map.rows.length];
  let box = { left: GUTTER_PX, width: 1, height: 1 };

  const at = (timeS) => box.left + ((timeS - map.start_s) / (endS - map.start_s)) * box.width;
  /** @returns {[number, number]} top and height of a row */
  const rowPlace = (row) => {
    const band = bands.findIndex(({ first, count }) => row >= first && row < first + count);
    const each = (box.height - GAP_PX * (bands.length - 1)) / map.rows.length;
    return [row * each + band * GAP_PX, each];
  };

  const picture = new Picture(canvas, {
    base(sheet) {
      const { context, width, height, quiet } = sheet;
      box = { left: GUTTER_PX, width: width - GUTTER_PX - RIGHT_PX, height: height - BELOW_PX };
      context.imageSmoothingEnabled = true;
      for (const { first, count, name, colour } of bands) {
        const [top, each] = rowPlace(first);
        // Region by region: smoothing must not mix one region's rows with the next one's.
        context.drawImage(image, 0, first, columns, count, box.left, top, box.width, count * each);
        context.fillStyle = colour;
        context.fillRect(box.left - BAND_PX - 2, top, BAND_PX, count * each);
        context.fillStyle = quiet;
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillText(name, box.left - BAND_PX - 6, top + (count * each) / 2);
      }
      drawAxis(sheet, { at, y: box.height, low: map.start_s, high: endS, most: box.width / 60, unit: "s" });
    },
    over(sheet) {
      drawCursor(sheet, at(cursor.timeS), 0, box.height);
      if (cursor.row === null) return;
      const [top, each] = rowPlace(cursor.row);
      const { context } = sheet;
      for (const [colour, out, width] of /** @type {const} */ ([["#000a", 1.5, 1], ["#fff", 0.5, 1.5]])) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.strokeRect(box.left - out, top - out, box.width + 2 * out, each + 2 * out);
      }
    },
  });

  const show = (channel, isRaw) => {
    paint(image, decodeBytes((isRaw ? map.raw : map.channels)[channel]), colours);
    picture.redraw();
  };
  show("T", false);

  const rowAt = (y) => map.rows.findIndex((_, row) => y < rowPlace(row)[0] + rowPlace(row)[1] + GAP_PX / 2);
  followPointer(canvas, {
    drag: (x) => cursor.move({ timeS: map.start_s + ((x - box.left) / box.width) * (endS - map.start_s) }),
    hover: (x, y) => cursor.move({ row: x >= box.left && y < box.height ? rowAt(y) : null }),
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

/** @returns {{first: number, count: number, name: string, colour: string}[]} the rows of each region */
function regionBands(rows) {
  const bands = [];
  rows.forEach(({ region, colour }, row) => {
    if (row && rows[row - 1].region === region) bands[bands.length - 1].count++;
    else bands.push({ first: row, count: 1, name: region, colour });
  });
  return bands;
}

/** Colours the map's bytes: -127 to 127 stand for minus to plus twice the scale's end. */
function paint(canvas, bytes, colours) {
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  bytes.forEach((byte, place) => {
    if (byte === MISSING) return; // the ground shows
    const [red, green, blue] = colours[colourAt((2 * byte) / 127)];
    pixels.data.set([red, green, blue, 255], 4 * place);
  });
  context.putImageData(pixels, 0, 0);
}
