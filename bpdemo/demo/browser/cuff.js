// The visitor's own cuff: what it showed beside one of their readings moves their later ones, by the same model.

import { session } from "./session.js";
import { clock, make, whole } from "./words.js";

/**
 * @typedef {object} Cuff a cuff reading and the reading it stands beside, whole mmHg: what is shown adds up
 * @property {number} systolic
 * @property {number} diastolic
 * @property {number} raw_systolic
 * @property {number} raw_diastolic
 * @property {number} entered_s since 1970
 * @property {string | null} model
 * @property {string} result its id
 */

const [UPPER, LOWER] = [[60, 260], [30, 160]]; // mmHg that a cuff can show

/**
 * @param {string} upper as it was typed
 * @param {string} lower
 * @returns {[number, number] | string} the two values, or what is wrong with them
 */
export function readCuff(upper, lower) {
  const values = [upper, lower].map((typed) => (/^\d{1,3}$/.test(typed.trim()) ? Number(typed) : NaN));
  if (values.some(Number.isNaN)) return "Enter both values as whole numbers, such as 120 and 80.";
  for (const [value, [low, high], name] of [[values[0], UPPER, "upper"], [values[1], LOWER, "lower"]]) {
    if (value < low || value > high) return `The ${name} value must be between ${low} and ${high} mmHg.`;
  }
  return values[1] < values[0] ? [values[0], values[1]] : "The lower value must be below the upper one.";
}

/** @param {Cuff} cuff @returns {[number, number]} what it adds to a reading, mmHg */
export const offset = (cuff) => [cuff.systolic - cuff.raw_systolic, cuff.diastolic - cuff.raw_diastolic];

/** Has the result that is shown take a cuff reading, and show what one does to it. @param {HTMLElement} element */
export function startCuff(element) {
  const update = () => {
    for (const old of element.querySelectorAll(".bp-cuff")) old.remove();
    const entry = session.view && session.find(session.view.result.id);
    if (!entry || entry.number !== null || !entry.numbers.systolic) return;
    const cuff = session.cuff(entry);
    const place = element.querySelector(".bp-numbers");
    if (cuff) place?.append(adjusted(entry, cuff));
    else place?.closest(".bp-head").after(form(entry));
  };
  session.addEventListener("result", update);
  session.addEventListener("change", update);
}

function adjusted({ id, numbers }, cuff) {
  const by = offset(cuff);
  const signed = by.map((mmhg) => (mmhg < 0 ? String(mmhg) : `+${mmhg}`)).join(" / ");
  const moved = whole(numbers).map((mmhg, place) => mmhg + by[place]);
  const remove = make("button", { type: "button", class: "bp-link" }, "Remove");
  remove.addEventListener("click", () => session.calibrate(null));
  const isItself = cuff.result === id;
  const at = clock(new Date(1000 * cuff.entered_s));
  const from = isItself ? `for your later readings, ${cuff.model}` : `from your cuff at ${at}, ${cuff.model}`;
  const isPlausible = moved[1] > 0 && moved[1] < moved[0];
  const limits = isPlausible ? "No interval is known." : "The sum cannot be a blood pressure.";
  const words = make("span", { class: "bp-under" }, isItself ? "your cuff" : "adjusted by your cuff", make("br"));
  words.append(make("span", { class: "bp-quiet" }, `offset ${signed} mmHg ${from}. ${limits} `), remove);
  const number = make("span", { class: "bp-number" }, moved.join("/"));
  return make("p", { class: "bp-cuff bp-adjusted" }, ...(isPlausible ? [number, " mmHg "] : []), words);
}

function form({ id, numbers }) {
  const message = make("p", { role: "alert" });
  const field = (title) => {
    const input = make("input", { inputmode: "numeric", autocomplete: "off", size: "4", maxlength: "3" });
    return make("label", {}, title, input);
  };
  const fields = [field("Upper"), field("Lower")];
  const use = make("button", { class: "bp-button" }, "Use");
  const entry = make("form", {}, ...fields, "mmHg", use, message);
  entry.addEventListener("submit", (event) => {
    event.preventDefault();
    const [upper, lower] = fields.map((label) => label.querySelector("input").value);
    const found = readCuff(upper, lower);
    if (typeof found === "string") {
      message.textContent = found;
      return;
    }
    const [raw_systolic, raw_diastolic] = whole(numbers);
    const [systolic, diastolic] = found;
    const { model } = numbers;
    session.calibrate({ systolic, diastolic, raw_systolic, raw_diastolic, entered_s: Date.now() / 1000, model, result: id });
  });
  const title = make("summary", {}, "Compare with your cuff");
  const words = "What your cuff shows now. The difference is added to your later readings, in this page only.";
  return make("details", { class: "bp-cuff" }, title, make("p", { class: "bp-quiet" }, words), entry);
}
