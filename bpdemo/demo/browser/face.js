// The face, with the pulse strength of each cell as soft heat. A hovered cell lights its row of the map, and the reverse.

import { followPointer, Picture } from "./picture.js";

const HEAT_ALPHA = 0.62;
const COARSE_PX = 72; // heat is drawn this small and blown up: soft edges between cells

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./result.js").Result} result
 * @param {import("./cursor.js").Cursor} cursor
 * @param {number[][]} colours 256 of red, green, blue
 * @param {{asRegions?: boolean}} options: the cells' outlines in their regions' colours, instead of the heat
 * @returns {Picture}
 */
export function drawFace(canvas, result, cursor, colours, { asRegions = false } = {}) {
  const { face, map } = result;
  const photo = new Image();
  const grey = document.createElement("canvas");
  const heat = document.createElement("canvas");
  const view = { left: 0, top: 0, scale: 1 };

  /** @returns {Path2D} a cell's outline, in pixels of the face's picture */
  const outline = (cell) => {
    const path = new Path2D();
    for (const [x, y] of cell) path.lineTo(x, y);
    path.closePath();
    return path;
  };
  const cells = (face.outlines ?? []).map(outline);

  const picture = new Picture(canvas, {
    base({ context, width, height }) {
      if (!photo.complete || !grey.width) return;
      view.scale = Math.min(width / face.width, height / face.height);
      view.left = (width - face.width * view.scale) / 2;
      view.top = (height - face.height * view.scale) / 2;
      const place = [view.left, view.top, face.width * view.scale, face.height * view.scale];
      context.save();
      context.beginPath();
      context.roundRect(...place, 8);
      context.clip();
      context.imageSmoothingQuality = "high";
      context.drawImage(cells.length && !asRegions ? grey : photo, ...place);
      if (cells.length && !asRegions) {
        context.globalAlpha = HEAT_ALPHA;
        context.drawImage(heat, ...place);
      }
      if (asRegions) {
        context.translate(view.left, view.top);
        context.scale(view.scale, view.scale);
        context.lineWidth = 1 / view.scale;
        cells.forEach((cell, row) => {
          context.strokeStyle = "#fff";
          context.fillStyle = `${map?.rows[row].colour ?? "#888888"}70`;
          context.fill(cell);
          context.stroke(cell);
        });
      }
      context.restore();
    },
    over({ context }) {
      if (cursor.row === null || !cells[cursor.row]) return;
      context.translate(view.left, view.top);
      context.scale(view.scale, view.scale);
      for (const [colour, width] of [["#000", 3.5], ["#fff", 1.75]]) {
        context.strokeStyle = colour;
        context.lineWidth = width / view.scale;
        context.stroke(cells[cursor.row]);
      }
    },
  });

  photo.addEventListener("load", () => {
    drawGrey(grey, photo);
    if (!asRegions) drawHeat(heat, face, cells, colours);
    picture.redraw();
  });
  photo.src = face.picture;
  cursor.addEventListener("move", () => picture.moved());
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  followPointer(canvas, {
    hover(x, y) {
      const [across, down] = [(x - view.left) / view.scale, (y - view.top) / view.scale];
      const row = cells.findIndex((cell) => context.isPointInPath(cell, across, down));
      cursor.move({ row: row < 0 ? null : row });
    },
    leave: () => cursor.move({ row: null }),
  });
  return picture;
}

function drawGrey(canvas, photo) {
  [canvas.width, canvas.height] = [photo.naturalWidth, photo.naturalHeight];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(photo, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = pixels;
  for (let at = 0; at < data.length; at += 4) {
    data[at] = data[at + 1] = data[at + 2] = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
  }
  context.putImageData(pixels, 0, 0);
}

function drawHeat(canvas, face, cells, colours) {
  canvas.width = COARSE_PX;
  canvas.height = Math.round((COARSE_PX * face.height) / face.width);
  const context = canvas.getContext("2d");
  context.scale(COARSE_PX / face.width, COARSE_PX / face.width);
  cells.forEach((cell, row) => {
    const strength = face.strength[row];
    if (strength === null) return;
    const [red, green, blue] = colours[Math.round(255 * Math.min(strength / face.limit, 1))];
    context.fillStyle = context.strokeStyle = `rgb(${red} ${green} ${blue})`;
    context.lineWidth = 1.5;
    context.fill(cell);
    context.stroke(cell);
  });
}
