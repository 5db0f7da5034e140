// Two results, one above the other, on the same scales and under one cursor; below, each by method and by model.

import { colours } from "./colours.js";
import { openAgain, showHistory } from "./history.js";
import { showMethods } from "./methods.js";
import { showModels } from "./models.js";
import { showResult } from "./result.js";
import { parseResult, session } from "./session.js";
import { clock, make, readingWords } from "./words.js";

const SIDES = /** @type {const} */ (["a", "b"]);
const LOOK_AGAIN_MS = 1500;

export function startCompare({ element, trigger, server }) {
  const place = (side, name) => element.querySelector(`[data-${name}=${side}]`);
  const message = element.querySelector("[role=status]");
  const views = { a: null, b: null };
  let links = new AbortController();

  const show = async (side) => {
    const { value } = place(side, "choice");
    const html = await htmlOf(value, server);
    if (place(side, "choice").value !== value) return; // another was chosen meanwhile
    message.textContent = html ? "" : "This result is not kept any more.";
    if (!html) return;
    views[side]?.end();
    links.abort();
    links = new AbortController();
    views[side] = showStrip(place(side, "strip"), html, side);
    showMethods(place(side, "methods"), views[side]);
    showModels(place(side, "models"), views[side].result);
    if (views.a && views.b) link(views.a.cursor, views.b.cursor, links.signal);
  };

  for (const side of SIDES) {
    place(side, "choice").addEventListener("change", () => show(side));
    place(side, "strip").addEventListener("change", ({ target }) => followSwitch(target, element));
  }

  /** Offers what can be compared by now; at first a face and a photograph. */
  const offer = async () => {
    const ready = await server.ready_examples();
    for (const side of SIDES) {
      offerEntries(place(side, "entries"));
      for (const option of place(side, "choice").querySelectorAll("[data-kind]")) {
        option.disabled = !ready.includes(Number(option.value));
      }
    }
    for (const [side, kind] of /** @type {const} */ ([["a", "pulse"], ["b", "photograph"]])) {
      const first = place(side, "choice").querySelector(`[data-kind=${kind}]`);
      if (place(side, "choice").value || !first || first.disabled) continue;
      first.selected = true;
      await show(side);
    }
    const waits = element.querySelector("option[data-kind]:disabled");
    if (!views.a || !views.b) message.textContent = waits ? "The examples are being read." : "";
    if (waits && element.offsetParent) setTimeout(offer, LOOK_AGAIN_MS);
  };
  let wasInSight = false; // it has a size while its tab is the one that is open
  new ResizeObserver(() => {
    const isInSight = element.offsetParent !== null;
    if (isInSight && !wasInSight) offer();
    wasInSight = isInSight;
  }).observe(element);
  session.addEventListener("change", () => SIDES.forEach((side) => offerEntries(place(side, "entries"))));
  showHistory(element.querySelector("[data-history]"), (entry) => openAgain(entry, trigger));
}

/** @returns {Promise<string>} the HTML of what a choice names; empty where it is not there */
async function htmlOf(value, server) {
  return /^\d+$/.test(value) ? server.example_result(Number(value)) : session.find(value)?.parts[0] ?? "";
}

/** Fills a group of options with the visitor's own results that can still be shown. */
function offerEntries(group) {
  const chosen = group.closest("select").value;
  const canBeShown = ({ number, parts, numbers }) => number === null && parts.length && numbers.status !== "error";
  const kept = session.entries.filter(canBeShown).reverse();
  group.replaceChildren(
    ...kept.map(({ id, at, name, numbers }) => new Option(`${clock(at)} ${name}, ${readingWords(numbers)}`, id)),
  );
  group.hidden = !kept.length;
  group.closest("select").value = chosen;
}

/** Puts the numbers and the strip of a result into a place, and draws them; names are made its own. */
function showStrip(place, html, side) {
  const result = parseResult(html);
  const strip = result.querySelector(".bp-strip");
  const numbers = result.querySelector(".bp-numbers");
  for (const left of strip.querySelectorAll("[data-picture=clip], .bp-files, .bp-step-network")) left.remove();
  for (const radio of strip.querySelectorAll("[data-channel]")) radio.name = `channel-compare-${side}`;
  place.replaceChildren(numbers, strip);
  const view = showResult(strip, { colours: colours() });
  numbers.prepend(make("b", { class: "bp-side" }, side.toUpperCase()));
  if (view.result.reason) numbers.append(make("p", { class: "bp-quiet" }, view.result.reason));
  return view;
}

/** Has two cursors follow each other; moments count from the beginning of what is shown. */
function link(first, second, signal) {
  let isFollowing = false; // what follows must not move the one that leads back, where it ends earlier
  const lead = (from, to) => () => {
    if (isFollowing) return;
    isFollowing = true;
    const row = from.rows === to.rows ? from.row : to.row;
    to.move({ timeS: to.startS + from.timeS - from.startS, row });
    isFollowing = false;
  };
  first.addEventListener("move", lead(first, second), { signal });
  second.addEventListener("move", lead(second, first), { signal });
}

/** Has both maps show the same channel. */
function followSwitch(changed, element) {
  const kind = changed.dataset.channel === undefined ? "[data-raw]" : `[data-channel][value="${changed.value}"]`;
  for (const other of element.querySelectorAll(`.bp-strip ${kind}`)) {
    if (other === changed || other.checked === changed.checked) continue;
    other.checked = changed.checked;
    other.dispatchEvent(new Event("change"));
  }
}
