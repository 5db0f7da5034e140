// The live preview as it is seen: cells on the face, heart rate, pulse wave and growing map. It keeps nothing.

import { colours, limitT, mapRows } from "../../colours.js";
import { make } from "../../words.js";
import { drawGrowingMap } from "./growing_map.js";
import { HeartRate } from "./heart_rate.js";
import { drawOverlay } from "./overlay.js";
import { Timeline } from "./timeline.js";
import { drawTrace } from "./trace.js";

/** What the preview is, by the `data-purpose` of its place. */
const NOTES = {
  record: "Live preview; the reading comes from the server afterwards.",
  live: "Live preview, made in this browser: nothing is recorded.",
};

/**
 * Draws what the engine sees, until it is ended; the places are then as they were.
 *
 * @param {HTMLElement} root with a video, a canvas `[data-live=cells]` over it and a block `[data-live=readout]`
 * @param {import("../engine.js").Live} live
 * @returns {() => void} ends it
 */
export function showLive(root, live) {
  const table = colours();
  const readout = /** @type {HTMLElement} */ (root.querySelector("[data-live=readout]"));
  const rate = new HeartRate(NOTES[root.dataset.purpose ?? "record"]);
  const canvas = (name, label) =>
    /** @type {HTMLCanvasElement} */ (make("canvas", { class: `bp-live-${name}`, role: "img", "aria-label": label }));
  const places = [canvas("trace", "Live pulse wave"), canvas("map", "Live spatial-temporal map, a row for each skin cell")];
  readout.replaceChildren(rate.element, ...places);

  const timeline = new Timeline(() => drawn.forEach((picture) => picture.paint()));
  const drawn = [drawTrace(places[0], timeline), drawGrowingMap(places[1], timeline, mapRows(), table)];
  const overlay = drawOverlay(root.querySelector("[data-live=cells]"), root.querySelector("video"), limitT(), table);

  const links = new AbortController();
  const listen = (kind, act) => live.addEventListener(kind, ({ detail }) => act(detail), { signal: links.signal });
  listen("cells", overlay.show);
  listen("look", ({ face }) => face === undefined && rate.giveUp());
  let isPlaced = false;
  listen("preview", (preview) => {
    if (!isPlaced) bringIntoSight(root, places[0]);
    isPlaced = true;
    for (const picture of drawn) picture.show(preview);
    rate.show(preview);
    timeline.follow(preview);
  });

  return () => {
    links.abort();
    timeline.end();
    for (const picture of [overlay, ...drawn]) picture.end();
    overlay.canvas.width = 0; // clears it
    readout.replaceChildren();
  };
}

/** On a phone face, heart rate and trace fit the screen together, if the picture is at its top. */
function bringIntoSight(root, trace) {
  if (trace.getBoundingClientRect().bottom > window.innerHeight) root.scrollIntoView({ block: "start" });
}
