// The cells on the live face: thin outlines, each glowing with its T of this moment, on the map's scale and in its colours.

import { colourAt } from "../../colours.js";
import { Picture } from "../../picture.js";

const OUTLINE = "rgb(255 255 255 / 0.35)";
const LEAST_ALPHA = 0.08; // where a cell is darkest
const GLOW_ALPHA = 0.72; // and what its brightest adds: the face is still to be seen

/** @typedef {import("../engine.js").LiveCells} LiveCells */

/**
 * @param {HTMLCanvasElement} canvas lies over the video, as large, and mirrored with it
 * @param {HTMLVideoElement} video shown with `object-fit: cover`
 * @param {number} limit % that glows brightest
 * @param {number[][]} colours
 * @returns {Picture & {show: (cells: LiveCells) => void}}
 */
export function drawOverlay(canvas, video, limit, colours) {
  /** @type {LiveCells | null} */
  let shown = null;
  const fills = colours.map((colour) => `rgb(${colour.join(" ")})`);

  const trace = (context, outline) => {
    context.moveTo(outline[0][0], outline[0][1]);
    for (let corner = 1; corner < outline.length; corner++) context.lineTo(outline[corner][0], outline[corner][1]);
    context.closePath();
  };

  const over = ({ context, width, height }) => {
    const { videoWidth, videoHeight } = video;
    if (!shown?.outlines || !shown.values || !videoWidth) return;
    const scale = Math.max(width / videoWidth, height / videoHeight);
    context.translate((width - videoWidth * scale) / 2, (height - videoHeight * scale) / 2);
    context.scale(scale, scale);
    const { outlines, values } = shown;
    for (let cell = 0; cell < outlines.length; cell++) {
      if (!Number.isFinite(values[cell])) continue;
      const share = values[cell] / limit;
      context.globalAlpha = LEAST_ALPHA + GLOW_ALPHA * Math.min(Math.max(share, 0), 1);
      context.fillStyle = fills[colourAt(share)];
      context.beginPath();
      trace(context, outlines[cell]);
      context.fill();
    }
    context.globalAlpha = 1;
    context.beginPath();
    for (const outline of outlines) trace(context, outline);
    context.strokeStyle = OUTLINE;
    context.lineWidth = 0.75 / scale;
    context.stroke();
  };

  const picture = new Picture(canvas, { base() {}, over });
  const show = (cells) => {
    shown = cells;
    picture.moved();
  };
  return Object.assign(picture, { show });
}
