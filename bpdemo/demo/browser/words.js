// Numbers of a result as the server's words have them.

/** @typedef {import("./session.js").Numbers} Numbers */

/** @type {(numbers: Numbers, each: (pressure: import("./result.js").Pressure) => any) => [any, any] | null} */
const both = ({ systolic, diastolic }, each) => (systolic && diastolic ? [each(systolic), each(diastolic)] : null);
const span = ([low, high]) => `${Math.round(low)} to ${Math.round(high)}`;

/** @param {Numbers} numbers @returns {[number, number] | null} both pressures, whole mmHg */
export const whole = (numbers) => both(numbers, ({ value }) => Math.round(value));

/** @param {Numbers} numbers @returns {string} as in "118/71"; without a reading the verdict */
export const readingWords = (numbers) => whole(numbers)?.join("/") ?? numbers.verdict;

/** @param {Numbers} numbers @returns {string} as in "90 to 147 / 52 to 88" */
export const intervalWords = (numbers) => both(numbers, ({ interval }) => span(interval))?.join(" / ") ?? "";

/** @param {import("./result.js").Pressure | null} pressure @returns {string} as in "118 (90 to 147)" */
export const pressureWords = (pressure) => (pressure ? `${Math.round(pressure.value)} (${span(pressure.interval)})` : "");

/** @param {Numbers} numbers @returns {string} whole beats a minute */
export const rateWords = ({ heart_rate: rate }) => (rate ? String(Math.round(rate.value)) : "");

/** @param {Date} date @returns {string} hours and minutes */
export const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

/**
 * @param {string} tag
 * @param {Record<string, string>} [properties]
 * @param {(Node | string)[]} children text is text, never markup
 * @returns {HTMLElement}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
