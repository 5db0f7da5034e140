// A patch is the part of a picture that shows the face, shrunk: its noise is averaged away, and slopes reach further.

/**
 * @typedef {object} Place of a patch
 * @property {number} left of its first pixel in the picture
 * @property {number} top
 * @property {number} columns its size in pixels of its own
 * @property {number} lines
 * @property {number} shrink how many of the picture's pixels make one of the patch, across and down
 */

const SIDE = 64; // about so many pixels for the longer side
const MOST_SIDE = 96; // as `shrink` is whole
const LEAST_SIDE = 8;

const small = makePatch();

export function makePatch() {
  return new Float64Array(MOST_SIDE * MOST_SIDE);
}

/**
 * @param {import("./motion.js").Box} box
 * @returns {Place | null} null when too little of the box is in the image
 */
export function placePatch(box, { width, height }) {
  const left = Math.max(Math.floor(box.left), 0);
  const top = Math.max(Math.floor(box.top), 0);
  const across = Math.min(Math.floor(box.left + box.width), width) - left;
  const down = Math.min(Math.floor(box.top + box.height), height) - top;
  const shrink = Math.max(1, Math.round(Math.max(across, down) / SIDE));
  const place = { left, top, columns: Math.floor(across / shrink), lines: Math.floor(down / shrink), shrink };
  return Math.min(place.columns, place.lines) >= LEAST_SIDE ? place : null; // of numbers that are none, too
}

/** Shrinks the green of a place to `patch`, each pixel the mean of its own, and blurs it by 3 x 3. */
export function takePatch({ data, width }, { left, top, columns, lines, shrink }, patch) {
  small.fill(0, 0, columns * lines);
  for (let y = 0; y < lines * shrink; y++) {
    const line = Math.floor(y / shrink) * columns;
    let at = 4 * ((top + y) * width + left) + 1;
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let pixel = 0; pixel < shrink; pixel++, at += 4) sum += data[at];
      small[line + column] += sum;
    }
  }
  const pixels = 9 * shrink * shrink;
  for (let y = 0; y < lines; y++) {
    const here = y * columns;
    const up = mirror(y - 1, lines) * columns;
    const down = mirror(y + 1, lines) * columns;
    for (let x = 0; x < columns; x++) {
      const before = mirror(x - 1, columns);
      const after = mirror(x + 1, columns);
      let sum = small[up + before] + small[up + x] + small[up + after];
      sum += small[here + before] + small[here + x] + small[here + after];
      sum += small[down + before] + small[down + x] + small[down + after];
      patch[here + x] = sum / pixels;
    }
  }
}

/** Returns the nearest pixel on the other side of the edge for one beyond it. */
export function mirror(place, end) {
  return place < 0 ? -place : place < end ? place : 2 * end - 2 - place;
}
