// What was seen on the last frames, in memory that never grows.

const MOST_FRAMES = 2048; // 15 s at more than 120 a second

export class Frames {
  #times = new Float64Array(MOST_FRAMES);
  #rows;
  #count = 0;
  beganS = NaN; // time of the first frame since it was cleared
  lastSeenS = NaN; // of the last that showed a face

  /** @param {number} width numbers a frame @param {number} keepS how long they are kept at least */
  constructor(width, keepS) {
    this.width = width;
    this.keepS = keepS;
    this.#rows = new Float64Array(MOST_FRAMES * width);
  }

  clear() {
    this.#count = 0;
    this.beganS = this.lastSeenS = NaN;
  }

  /**
   * Adds a frame; before the first that shows a face none is kept.
   *
   * @param {number} timeS
   * @param {boolean} isSeen whether it shows a face
   * @param {number[]} row
   */
  add(timeS, isSeen, row) {
    if (!this.#count && !isSeen) return;
    if (!this.#count) this.beganS = timeS;
    if (isSeen) this.lastSeenS = timeS;
    if (this.#count === MOST_FRAMES) this.#dropOld(timeS);
    this.#times[this.#count] = timeS;
    this.#rows.set(row, this.#count * this.width);
    this.#count++;
  }

  get timeS() {
    return this.#times.subarray(0, this.#count);
  }

  /** One row a frame. */
  get values() {
    return this.#rows.subarray(0, this.#count * this.width);
  }

  #dropOld(/** @type {number} */ timeS) {
    const kept = this.timeS.findIndex((time) => time >= timeS - this.keepS);
    const from = kept < 0 ? MOST_FRAMES : Math.max(kept, MOST_FRAMES / 8); // a faster camera loses what is oldest
    this.#times.copyWithin(0, from);
    this.#rows.copyWithin(0, from * this.width);
    this.#count -= from;
  }
}
