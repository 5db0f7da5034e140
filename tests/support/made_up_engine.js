// In place of the page's live/engine.js: its looks are made up, five times as fast as they would come. What they show
// is `window.scene`, laid over a face in good light.

const GOOD = {
  face: { x: 0, y: 0, width: 0.4 },
  light: { luma: 120, halves: 0.9, clipped: 0 },
  sway: 0.01,
  rateHz: 30,
};

window.scene = {};

export function startLive() {
  window.live = new MadeUp();
  return window.live;
}

class MadeUp extends EventTarget {
  constructor() {
    super();
    this.calls = [];
    this.looks = 0;
    this.timer = setInterval(() => this.look(), 20);
  }

  look() {
    if (this.isPaused || window.scene === null) return;
    const { light, ...rest } = window.scene;
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
