// The rows of a map: its regions' names and colours beside it, and its bytes as colours.

import { BYTES_AT_LIMIT, NOT_MEASURED } from "./arrays.js";
import { colourAt } from "./colours.js";

export const GUTTER_PX = 74; // left of the columns: the regions' names
export const RIGHT_PX = 8;
const BAND_PX = 5;
const GAP_PX = 2; // between regions

/** @typedef {{left: number, width: number, height: number}} Box where a map's columns are drawn, from the top */

/** The regions of a map, one below the other. */
export class Bands {
  /** @param {{region: string, colour: string}[]} rows */
  constructor(rows) {
    /** @type {{first: number, count: number, name: string, colour: string}[]} */
    this.regions = [];
    this.rows = rows.length;
    rows.forEach(({ region, colour }, row) => {
      if (row && rows[row - 1].region === region) this.regions[this.regions.length - 1].count++;
      else this.regions.push({ first: row, count: 1, name: region, colour });
    });
  }

  /** @returns {[number, number]} top and height of a row in a map so high */
  place(row, height) {
    const region = this.regions.findIndex(({ first, count }) => row >= first && row < first + count);
    const each = (height - GAP_PX * (this.regions.length - 1)) / this.rows;
    return [row * each + region * GAP_PX, each];
  }

  /** @returns {number} the row at `y` of a map so high, -1 below the last */
  rowAt(y, height) {
    for (let row = 0; row < this.rows; row++) {
      const [top, each] = this.place(row, height);
      if (y < top + each + GAP_PX / 2) return row;
    }
    return -1;
  }

  /** @param {import("./picture.js").Sheet} sheet @param {Box} box */
  drawNames({ context, quiet }, { left, height }) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const { first, count, name, colour } of this.regions) {
      const [top, each] = this.place(first, height);
      context.fillStyle = colour;
      context.fillRect(left - BAND_PX - 2, top, BAND_PX, count * each);
      context.fillStyle = quiet;
      context.fillText(name, left - BAND_PX - 6, top + (count * each) / 2);
    }
  }

  /**
   * Draws a map's image; region by region, as smoothing must not mix one's rows with the next one's.
   *
   * @param {import("./picture.js").Sheet} sheet
   * @param {HTMLCanvasElement} image a pixel for each row and column
   * @param {Box} box
   */
  drawImage({ context }, image, { left, width, height }) {
    context.imageSmoothingEnabled = true;
    for (const { first, count } of this.regions) {
      const [top, each] = this.place(first, height);
      context.drawImage(image, 0, first, image.width, count, left, top, width, count * each);
    }
  }
}

/**
 * Makes an image of a map's bytes, row after row: -127 to 127 stand for minus to plus twice the scale's end.
 *
 * @param {HTMLCanvasElement} image
 * @param {Int8Array} bytes
 * @param {number} rows
 * @param {number[][]} colours 256 of red, green, blue
 */
export function paint(image, bytes, rows, colours) {
  [image.width, image.height] = [bytes.length / rows, rows];
  const pixels = new ImageData(image.width, rows);
  bytes.forEach((byte, place) => {
    if (byte === NOT_MEASURED) return; // the ground shows
    const [red, green, blue] = colours[colourAt(byte / BYTES_AT_LIMIT)];
    pixels.data[4 * place] = red;
    pixels.data[4 * place + 1] = green;
    pixels.data[4 * place + 2] = blue;
    pixels.data[4 * place + 3] = 255;
  });
  /** @type {CanvasRenderingContext2D} */ (image.getContext("2d")).putImageData(pixels, 0, 0);
}
