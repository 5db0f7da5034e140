// Fills polygons in a picture of labels, as OpenCV's fillPoly does: its border belongs to a polygon, and corners count
// to a fraction of a pixel across, to whole pixels down.

/** @typedef {{labels: Uint8Array, width: number, height: number}} Labels */

const crossings = new Float64Array(64); // of one line of pixels with the outline

/** Labels what lies inside of a closed outline and on it. `corners` are x, y, x, y ... in pixels of the labels. */
export function fillPolygon(picture, corners, label) {
  const { labels, width, height } = picture;
  const end = corners.length;
  let top = height;
  let bottom = -1;
  for (let at = 0, before = end - 2; at < end; before = at, at += 2) {
    const y = Math.round(corners[at + 1]);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    drawLine(picture, Math.round(corners[before]), Math.round(corners[before + 1]), Math.round(corners[at]), y, label);
  }
  for (let y = Math.max(top, 0); y <= Math.min(bottom, height - 1); y++) {
    const found = cross(corners, y);
    for (let pair = 0; pair + 1 < found; pair += 2) {
      const from = Math.max(Math.ceil(crossings[pair]), 0);
      const to = Math.min(Math.floor(crossings[pair + 1]), width - 1);
      if (from <= to) labels.fill(label, y * width + from, y * width + to + 1);
    }
  }
}

/** Puts where a line of pixels crosses the outline into `crossings`, rising; returns how often it does. */
function cross(corners, y) {
  const end = corners.length;
  let found = 0;
  for (let at = 0, before = end - 2; at < end; before = at, at += 2) {
    const here = Math.round(corners[at + 1]);
    const there = Math.round(corners[before + 1]);
    if (here > y === there > y || found === crossings.length) continue;
    const x = corners[at] + ((y - here) / (there - here)) * (corners[before] - corners[at]);
    let place = found++;
    for (; place > 0 && crossings[place - 1] > x; place--) crossings[place] = crossings[place - 1];
    crossings[place] = x;
  }
  return found;
}

/** Labels a line from its left end to its right one; of two pixels as near to it, that towards the left end. */
function drawLine(picture, fromX, fromY, toX, toY, label) {
  if (toX < fromX) {
    drawLine(picture, toX, toY, fromX, fromY, label);
    return;
  }
  const { labels, width, height } = picture;
  const across = toX - fromX;
  const down = Math.abs(toY - fromY);
  const sign = Math.sign(toY - fromY);
  const steps = Math.max(across, down);
  for (let step = 0; step <= steps; step++) {
    const x = fromX + (steps && Math.ceil((step * across) / steps - 0.5));
    const y = fromY + (steps && sign * Math.ceil((step * down) / steps - 0.5));
    if (x >= 0 && x < width && y >= 0 && y < height) labels[y * width + x] = label;
  }
}
