// What each model makes of one clip: value, interval and average person, all models on one axis of mmHg.

import { make, pressureWords } from "./words.js";

const [LOW, HIGH] = [40, 190]; // mmHg
const TICKS = [60, 90, 120, 150, 180];
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {HTMLElement} place
 * @param {import("./result.js").Result} result
 */
export function showModels(place, { model, systolic, diastolic, models }) {
  if (!systolic || !diastolic) {
    place.replaceChildren(make("p", { class: "bp-quiet" }, "No reading, so no model was asked."));
    return;
  }
  const all = [{ name: model, systolic, diastolic }, ...models];
  const head = ["Model", "Systolic, mmHg", "Diastolic, mmHg"].map((title) => make("th", { scope: "col" }, title));
  head.push(make("td", { "aria-hidden": "true" }, axis()));
  const rows = all.map((each) => {
    const numbers = [each.systolic, each.diastolic].map((pressure) => make("td", {}, pressureWords(pressure)));
    const picture = make("td", { "aria-hidden": "true" }, draw([each.systolic, each.diastolic]));
    const used = each.name === model ? " (used)" : "";
    return make("tr", {}, make("th", { scope: "row" }, each.name + used), ...numbers, picture);
  });
  const legend = make("caption", {}, "Value and its interval; dashed: the average person");
  const table = make("table", { class: "bp-table bp-models" }, legend, make("thead", {}, make("tr", {}, ...head)));
  table.append(make("tbody", {}, ...rows));
  place.replaceChildren(table);
}

const share = (mmhg) => Math.min(Math.max((mmhg - LOW) / (HIGH - LOW), 0), 1);

function axis() {
  const marks = TICKS.map((tick) => make("span", { style: `left:${100 * share(tick)}%` }, String(tick)));
  return make("div", { class: "bp-scale" }, ...marks);
}

/** @returns {SVGElement} both pressures of one model: stretched to any width, lines as thick as ever */
function draw(pressures) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  const line = (kind, path) => {
    const drawn = document.createElementNS(SVG, "path");
    drawn.setAttribute("class", `bp-${kind}`);
    drawn.setAttribute("d", path);
    svg.append(drawn);
  };
  for (const { value, interval, baseline } of pressures) {
    line("average", `M${share(baseline)} 0V1`);
    line("interval", `M${share(interval[0])} .5H${share(interval[1])}`);
    line("value", `M${share(value)} .5h0`);
  }
  return svg;
}
