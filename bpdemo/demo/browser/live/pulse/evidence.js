// The probability of a pulse from the answers to the questions of evidence.json, as bpdemo/evidence.py weighs them.

/** @typedef {{name: string, low: number, high: number, log: boolean, neutral: number, weight: number}} Question */
/** @typedef {{offset: number, questions: Question[]}} Evidence */

/**
 * Returns the probability of a pulse, 0 to 1, where clips with and without one are equally many.
 *
 * @param {Evidence} evidence
 * @param {Record<string, number>} answers by the questions' names; NaN for what could not be measured
 */
export function probability({ offset, questions }, answers) {
  const odds = questions.reduce(
    (sum, one) => sum + one.weight * (scaled(one, answers[one.name]) - scaled(one, one.neutral)),
    offset,
  );
  return 1 / (1 + Math.exp(-odds));
}

function scaled(/** @type {Question} */ { low, high, log, neutral }, /** @type {number} */ answer) {
  const within = Math.min(Math.max(Number.isNaN(answer) ? neutral : answer, low), high);
  return log ? Math.log(within) : within;
}
