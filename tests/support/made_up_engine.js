// In place of the page's live/engine.js: looks are made up, and come five times as fast. What they show is a face in good
// light, with the changes in `window.scene`; with null for that none come.

const GOOD = {
  face: { x: 0, y: 0, width: 0.4 },
  light: { luma: 120, halves: 0.9, clipped: 0 },
  sway: 0.01,
  rateHz: 30,
};

if (window.scene === undefined) window.scene = {};

export function prepareLive() {}

export function startLive() {
  window.live = new MadeUp();
  return window.live;
}

class MadeUp extends EventTarget {
  constructor() {
    super();
    this.calls = [];
    this.looks = 0;
    this.timer = setInterval(() => window.scene && !this.isPaused && this.look(window.scene), 20);
  }

  look({ light, ...rest } = {}) {
    const timeS = this.looks++ / 10;
    const detail = { ...GOOD, ...rest, light: { ...GOOD.light, ...light }, timeS };
    this.dispatchEvent(new CustomEvent("look", { detail }));
  }

  begin(options) {
    this.calls.push(["begin", options]);
  }

  note() {
    return { rate_hz: 29.5, dropped: 1, luma: 120, sway: 0.01, bpm: 71 };
  }

  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
  }

  end() {
    clearInterval(this.timer);
    this.isEnded = true;
  }
}
