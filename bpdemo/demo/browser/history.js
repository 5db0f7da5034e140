// The results of this visit, newest first; a click shows one again.

import { session } from "./session.js";
import { clock, intervalWords, make, rateWords, readingWords } from "./words.js";

const TITLES = ["Time", "Clip", "Reading, mmHg", "Interval", "Heart rate, bpm", "Cuff"];

/**
 * @param {HTMLElement} place
 * @param {(entry: import("./session.js").Entry) => void} open
 */
export function showHistory(place, open) {
  const update = () => {
    const entries = session.entries.filter(({ group }) => group === "single").reverse();
    const head = make("tr", {}, ...TITLES.map((title) => make("th", { scope: "col" }, title)));
    const table = make("table", { class: "bp-table" }, make("thead", {}, head));
    table.append(make("tbody", {}, ...entries.map((entry) => historyRow(entry, open))));
    place.replaceChildren(entries.length ? table : make("p", { class: "bp-quiet" }, "No results yet."));
  };
  session.addEventListener("change", update);
  update();
}

function historyRow(entry, open) {
  const { at, name, numbers, cuff, parts } = entry;
  const clip = make("button", { type: "button", class: "bp-link" }, name);
  clip.addEventListener("click", () => open(entry));
  const cells = [readingWords(numbers), intervalWords(numbers), rateWords(numbers)];
  cells.push(cuff ? `${cuff.systolic}/${cuff.diastolic}` : "");
  return make(
    "tr",
    {},
    make("td", {}, clock(at)),
    make("th", { scope: "row" }, parts.length ? clip : `${name} (numbers only)`),
    ...cells.map((text) => make("td", {}, text)),
  );
}
