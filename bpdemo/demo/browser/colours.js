// What the page tells its scripts: colours of map and heat, as figures on paper have them, rows, and addresses.

const sent = () => /** @type {HTMLTemplateElement} */ (document.querySelector("template[data-colours]"));

/** @returns {number[][]} 256 of red, green, blue, dark to bright */
export const colours = () => JSON.parse(sent().content.textContent ?? "");

/** @returns {number} change of T in % that has the brightest colour */
export const limitT = () => Number(sent().dataset.limit);

/** @returns {string} where what finds faces is */
export const visionAddress = () => new URL(sent().dataset.vision ?? "", document.baseURI).href;

/** @returns {{region: string, colour: string}[]} the rows of every map, top to bottom */
export function mapRows() {
  const regions = JSON.parse(sent().dataset.regions ?? "");
  return regions.flatMap(([region, colour, count]) => Array.from({ length: count }, () => ({ region, colour })));
}

/** Change, as a share of the scale's end, that has the darkest colour: no change at all is dark as well. */
const FLOOR = -0.3;

/**
 * @param {number} share of the scale's end
 * @returns {number} place in the table of 256 colours
 */
export function colourAt(share) {
  return Math.min(Math.max(Math.round((255 * (share - FLOOR)) / (1 - FLOOR)), 0), 255);
}
