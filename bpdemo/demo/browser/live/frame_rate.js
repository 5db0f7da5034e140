// How often the camera really gives a picture, by the pictures that came.

const RECENT_MS = 700; // short enough to see within a second that pictures no longer come
const STALLED_MS = 250;
const MOST_STEPS = 3600; // a minute of a fast camera

export class FrameRate {
  constructor() {
    /** @type {{atMs: number, count: number}[]} pictures so far, of late */
    this.recent = [];
    this.begin();
  }

  /**
   * Notes a picture.
   *
   * @param {number} atMs when it came
   * @param {number} count pictures of the camera until now, this one included
   */
  add(atMs, count) {
    const before = this.recent[this.recent.length - 1];
    if (before && count > before.count) this.steps.push({ ms: atMs - before.atMs, count: count - before.count });
    if (this.steps.length > MOST_STEPS) this.steps.shift();
    this.recent.push({ atMs, count });
    while (this.recent.length > 2 && this.recent[1].atMs < atMs - RECENT_MS) this.recent.shift();
  }

  /** @returns {number} pictures a second, of late */
  recentHz(nowMs) {
    const [first] = this.recent;
    const last = this.recent[this.recent.length - 1];
    if (!first || nowMs - last.atMs > RECENT_MS) return 0;
    const untilMs = nowMs - last.atMs > STALLED_MS ? nowMs : last.atMs;
    return (1000 * (last.count - first.count)) / Math.max(untilMs - first.atMs, 1);
  }

  /** Counts from here on. */
  begin() {
    /** @type {{ms: number, count: number}[]} from picture to picture */
    this.steps = [];
  }

  /** @returns {{rateHz: number | null, dropped: number}} since `begin`; a gap of two intervals is one dropped picture */
  total() {
    const [ms, count] = this.steps.reduce(([sum, all], step) => [sum + step.ms, all + step.count], [0, 0]);
    if (!ms) return { rateHz: null, dropped: 0 };
    const intervals = this.steps.map((step) => step.ms / step.count).sort((one, other) => one - other);
    const usual = intervals[intervals.length >> 1];
    const missing = this.steps.map((step) => Math.max(Math.round(step.ms / usual) - step.count, 0));
    return { rateHz: (1000 * count) / ms, dropped: missing.reduce((sum, each) => sum + each, 0) };
  }
}
