// Landmarks become skin cells, and each cell its mean colour: what regions.py does, on one frame of the camera.

import { middle } from "../../arrays.js";
import { boxAround } from "./motion.js";
import { fillPolygon } from "./polygon.js";

/**
 * @typedef {{data: Uint8ClampedArray, width: number, height: number}} Picture R, G, B, A, as ImageData
 * @typedef {object} Reading of the cells on one frame
 * @property {Float32Array} colours [3 * cells] mean R, G, B, 0 to 255; NaN where a cell is not seen
 * @property {Int32Array} pixels [cells] how many pixels each mean was taken over
 * @property {number} clipped share of the cells' pixels with a clipped channel; NaN where none is seen
 * @property {number} luma median of the cells' lumas; NaN where none is seen
 * @property {number} halves the darker half of the face over the brighter one, 0 to 1; NaN where one is not seen
 */

const MIN_CELL_PIXELS = 24; // as the server has it, like what follows
const CLIPPED_LEVEL = 250;
const MIN_SURROUND = 0.03; // share of the picture
const SURROUND_STEP = 8; // pixels
const FINENESS = 16; // parts of a pixel

export class Cells {
  /** @param {{cells: {name: string, triangles: number[][]}[], canonical_xy_cm: number[][]}} table cells.json */
  constructor({ cells, canonical_xy_cm: canonical }) {
    // The picture's y runs down, the canonical face's y up.
    const flat = Float64Array.from(canonical.flatMap(([x, y]) => [x, -y]));
    /** @type {number[][]} landmark numbers around each cell, clockwise in a picture when it faces the camera */
    this.corners = cells.map(({ triangles }) => {
      const outline = outlineOf(triangles);
      return area(pick(flat, outline, [])) < 0 ? outline.reverse() : outline;
    });
    this.halves = ["left", "right"].map((side) => cells.flatMap(({ name }, row) => (name.includes(side) ? [row] : [])));
    this.polygons = this.corners.map((numbers) => new Float64Array(2 * numbers.length));
    this.sums = new Float64Array(3 * (cells.length + 1));
    this.counts = new Int32Array(cells.length + 1);
    this.picture = { labels: new Uint8Array(0), width: 0, height: 0 };
  }

  /**
   * @param {Float32Array} landmarks x, y, x, y ... in pixels
   * @returns {number[][][]} each cell's corners, in order; of a cell turned away, they run backwards
   */
  outlines(landmarks) {
    return this.corners.map((numbers) => numbers.map((number) => [landmarks[2 * number], landmarks[2 * number + 1]]));
  }

  /**
   * @param {Picture} image
   * @param {Float32Array} landmarks x, y, x, y ... in pixels
   * @returns {Reading}
   */
  read(image, landmarks) {
    const { left, top } = this.label(image, landmarks);
    const clippedPixels = this.add(image, left, top);
    const cells = this.corners.length;
    const colours = new Float32Array(3 * cells).fill(NaN);
    const pixels = this.counts.slice(1);
    const lumas = [];
    let total = 0;
    for (let row = 0; row < cells; row++) {
      total += pixels[row];
      if (pixels[row] < MIN_CELL_PIXELS) continue;
      for (let channel = 0; channel < 3; channel++) {
        colours[3 * row + channel] = this.sums[3 * (row + 1) + channel] / pixels[row];
      }
      lumas.push(luma(colours, row));
    }
    return {
      colours,
      pixels,
      clipped: total ? clippedPixels / total : NaN,
      luma: median(lumas),
      halves: this.compareHalves(colours, pixels),
    };
  }

  /** Labels the part of the image that shows the face, 1 + row; returns where in the image that part begins. */
  label(image, landmarks) {
    const { left, top, width, height } = boxAround(landmarks, image);
    if (this.picture.labels.length < width * height) this.picture.labels = new Uint8Array(2 * width * height);
    Object.assign(this.picture, { width, height });
    this.picture.labels.fill(0, 0, width * height);
    if (width * height > 0) {
      this.corners.forEach((numbers, row) => {
        const polygon = pick(landmarks, numbers, this.polygons[row]);
        for (let at = 0; at < polygon.length; at += 2) {
          polygon[at] = Math.round((polygon[at] - left) * FINENESS) / FINENESS;
          polygon[at + 1] = Math.round((polygon[at + 1] - top) * FINENESS) / FINENESS;
        }
        if (area(polygon) > 0) fillPolygon(this.picture, polygon, row + 1);
      });
    }
    return { left, top };
  }

  /** Counts and adds up the labelled pixels; returns how many of them are clipped. */
  add({ data, width: across }, left, top) {
    const { sums, counts } = this;
    const { labels, width, height } = this.picture;
    sums.fill(0);
    counts.fill(0);
    let clipped = 0;
    for (let y = 0, place = 0; y < height; y++) {
      let at = 4 * ((top + y) * across + left);
      for (let x = 0; x < width; x++, at += 4, place++) {
        const label = labels[place];
        if (label === 0) continue;
        const red = data[at];
        const green = data[at + 1];
        const blue = data[at + 2];
        counts[label] += 1;
        sums[3 * label] += red;
        sums[3 * label + 1] += green;
        sums[3 * label + 2] += blue;
        if (red >= CLIPPED_LEVEL || green >= CLIPPED_LEVEL || blue >= CLIPPED_LEVEL) clipped += 1;
      }
    }
    return clipped;
  }

  /** Compares the person's left and right by their mean luma. */
  compareHalves(colours, pixels) {
    const [one, other] = this.halves.map((rows) => {
      let [sum, count] = [0, 0];
      for (const row of rows) {
        if (pixels[row] < MIN_CELL_PIXELS) continue;
        sum += pixels[row] * luma(colours, row);
        count += pixels[row];
      }
      return sum / count;
    });
    return one === other ? 1 : Math.min(one, other) / Math.max(one, other);
  }

  /**
   * @param {Picture} image
   * @param {Float32Array} landmarks x, y, x, y ... in pixels
   * @returns {number[]} mean R, G, B of what lies left, right and above the head; NaN where that is too little
   */
  surround({ data, width, height }, landmarks) {
    const [left, right] = spread(landmarks, 0, 0.4, 0.4, width);
    const [top, bottom] = spread(landmarks, 1, 0.6, 0.4, height);
    const sums = [0, 0, 0];
    let count = 0;
    let all = 0;
    for (let y = 0; y < height; y += SURROUND_STEP) {
      for (let x = 0; x < width; x += SURROUND_STEP) {
        all += 1;
        if (y >= top && (y >= bottom || (x >= left && x < right))) continue;
        const at = 4 * (y * width + x);
        count += 1;
        for (let channel = 0; channel < 3; channel++) sums[channel] += data[at + channel];
      }
    }
    return sums.map((sum) => (count < MIN_SURROUND * all ? NaN : sum / count));
  }
}

/** Returns from where to where the head reaches along an axis, with margins in parts of the face. */
function spread(landmarks, axis, before, after, end) {
  let [low, high] = [Infinity, -Infinity];
  for (let at = axis; at < landmarks.length; at += 2) {
    low = Math.min(low, landmarks[at]);
    high = Math.max(high, landmarks[at]);
  }
  return [clip(low - before * (high - low), end), clip(high + after * (high - low), end)];
}

/** Chains the edges that belong to one triangle only into one closed outline. */
function outlineOf(triangles) {
  const edges = triangles.flatMap(([a, b, c]) => [
    [a, b],
    [b, c],
    [c, a],
  ]);
  const isSame = ([a, b], [c, d]) => (a === c && b === d) || (a === d && b === c);
  const border = edges.filter((edge) => edges.filter((other) => isSame(edge, other)).length === 1);
  const outline = [...border.shift()];
  while (border.length > 1) {
    const here = outline[outline.length - 1];
    const next = border.findIndex((edge) => edge.includes(here));
    const [[a, b]] = border.splice(next, 1);
    outline.push(a === here ? b : a);
  }
  return outline;
}

/** Puts the points of these numbers into `into`: x, y, x, y ... */
function pick(points, numbers, into) {
  for (let corner = 0; corner < numbers.length; corner++) {
    into[2 * corner] = points[2 * numbers[corner]];
    into[2 * corner + 1] = points[2 * numbers[corner] + 1];
  }
  return into;
}

/** Returns a polygon's area, above 0 when it runs clockwise in a picture. */
function area(polygon) {
  let sum = 0;
  for (let at = 0, before = polygon.length - 2; at < polygon.length; before = at, at += 2) {
    sum += polygon[before] * polygon[at + 1] - polygon[before + 1] * polygon[at];
  }
  return sum / 2;
}

function clip(value, end) {
  return Math.min(Math.max(value, 0), end);
}

function luma(colours, row) {
  return 0.299 * colours[3 * row] + 0.587 * colours[3 * row + 1] + 0.114 * colours[3 * row + 2];
}

function median(values) {
  return middle(values.sort((a, b) => a - b)); // of nothing: NaN
}
