// The STMap while it grows, column by column, and then scrolls: rows, colours and scale are those of a result's map.

import { Bands, GUTTER_PX, paint, RIGHT_PX } from "../../bands.js";
import { drawAxis, Picture } from "../../picture.js";

const BELOW_PX = 18;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./timeline.js").Timeline} timeline
 * @param {{region: string, colour: string}[]} rows
 * @param {number[][]} colours
 * @returns {Picture & {show: (preview: import("../pulse/signal.js").Preview) => void}}
 */
export function drawGrowingMap(canvas, timeline, rows, colours) {
  const bands = new Bands(rows);
  const image = document.createElement("canvas");
  let startS = 0;
  let columns = 0;
  const boxOf = ({ width, height }) => ({
    left: GUTTER_PX,
    width: width - GUTTER_PX - RIGHT_PX,
    height: height - BELOW_PX,
  });

  const picture = new Picture(canvas, {
    base(sheet) {
      const box = boxOf(sheet);
      bands.drawNames(sheet, box);
      sheet.context.textBaseline = "top";
      sheet.context.fillText("s", box.left - 8, box.height + 4);
    },
    over(sheet) {
      const box = boxOf(sheet);
      const { context, quiet } = sheet;
      context.globalAlpha = 0.08; // columns to come
      context.fillStyle = quiet;
      context.fillRect(box.left, 0, box.width, box.height);
      context.globalAlpha = 1;
      const { lowS: low, highS: high } = timeline;
      const at = (timeS) => timeline.at(timeS, box);
      drawAxis(sheet, { at, y: box.height, low, high, most: box.width / 60, unit: "" });
      if (!columns) return;
      context.save();
      context.beginPath();
      context.rect(box.left, 0, at(timeline.endS) - box.left, box.height);
      context.clip();
      const left = at(startS);
      bands.drawImage(sheet, image, { ...box, left, width: at(startS + columns / 30) - left });
      context.restore();
    },
  });

  const show = (preview) => {
    ({ startS, columns } = preview);
    if (columns) paint(image, preview.map, rows.length, colours);
  };
  return Object.assign(picture, { show });
}
