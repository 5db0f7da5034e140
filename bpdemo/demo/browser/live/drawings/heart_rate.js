// The heart rate in large figures, and one line of words beside it: what it is of, or why there is none yet.

import { make } from "../../words.js";

const RATE_S = 8; // of face make a heart rate
const SAY_EVERY_S = 30; // to those who hear the page

const WAITING = `Heart rate after ${RATE_S} s of face`;
const NONE = "No pulse seen yet: hold still, in bright, even light.";
const NO_PREVIEW = "No live preview: this browser cannot look for faces.";

/** A preview's numbers in words. */
export class HeartRate {
  /** @param {string} note what the preview is, in a sentence or two */
  constructor(note) {
    this.number = make("span", { class: "bp-number" }, "–");
    this.words = make("span", {}, WAITING);
    this.heard = make("p", { role: "status", class: "bp-hidden" });
    this.element = make(
      "div",
      { class: "bp-live-rate" },
      make("p", {}, this.number, make("span", {}, "bpm")),
      make("p", { class: "bp-small" }, this.words, make("span", { class: "bp-quiet" }, note)),
      this.heard,
    );
    [this.saidState, this.saidS] = ["", -Infinity];
  }

  /** @param {import("../pulse/signal.js").Preview} preview */
  show({ state, bpm, seenS, startS, columns }) {
    const rate = state === "pulse" && bpm !== null ? String(Math.round(bpm)) : "–";
    this.write(this.number, rate);
    const missingS = Math.max(Math.ceil(RATE_S - seenS), 1);
    const waiting = seenS ? `Heart rate in ${missingS} s` : WAITING;
    this.write(this.words, { waiting, none: NONE, pulse: `Heart rate of the last ${Math.floor(seenS)} s` }[state]);
    const nowS = startS + columns / 30;
    if (state === "waiting" || (state === this.saidState && nowS < this.saidS + SAY_EVERY_S)) return;
    [this.saidState, this.saidS] = [state, nowS];
    this.write(this.heard, state === "pulse" ? `Heart rate ${rate} beats per minute` : NONE);
  }

  /** There will be no previews. */
  giveUp() {
    this.write(this.words, NO_PREVIEW);
  }

  write(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }
}
