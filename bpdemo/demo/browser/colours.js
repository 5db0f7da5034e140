// The colours of map and heat; their table comes with the page, as figures on paper use the same.

/** @returns {number[][]} 256 of red, green, blue, dark to bright */
export const colours = () => sent("colours");

/**
 * @typedef {object} Rows
 * @property {{region: string, colour: string}[]} rows of every map, top to bottom
 * @property {number} limit change of T in % that has the brightest colour
 */

/** @returns {Rows} */
export const mapRows = () => sent("rows");

function sent(name) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector(`template[data-${name}]`));
  return JSON.parse(template.content.textContent ?? "");
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
