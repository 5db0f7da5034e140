// A map's values as bytes: up to twice the scale's end, either way.
export const BYTES_AT_LIMIT = 127 / 2;
export const NOT_MEASURED = -128;

/**
 * @param {string} text base 64 of signed bytes
 * @returns {Int8Array}
 */
export function decodeBytes(text) {
  const bytes = atob(text);
  const found = new Int8Array(bytes.length);
  for (let place = 0; place < bytes.length; place++) found[place] = bytes.charCodeAt(place);
  return found;
}

/**
 * @param {ArrayLike<number>} sorted rising, at least one
 * @returns {number} the middle one, or the mean of both
 */
export const middle = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
