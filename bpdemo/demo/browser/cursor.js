/**
 * The one cursor of a result: a moment of the clip, and a row of its map. Whoever shows either listens for `move`.
 */
export class Cursor extends EventTarget {
  /**
   * @param {number} startS first moment of what is shown, seconds since the clip's first frame
   * @param {number} endS last moment
   * @param {number} rows of the map
   */
  constructor(startS, endS, rows) {
    super();
    this.startS = startS;
    this.endS = endS;
    this.rows = rows;
    this.timeS = startS;
    /** @type {number | null} the row that is lit, from 0 */
    this.row = null;
  }

  /** @param {{timeS?: number, row?: number | null}} to; what is left out stays */
  move({ timeS = this.timeS, row = this.row }) {
    timeS = Math.min(Math.max(timeS, this.startS), this.endS);
    if (row !== null) row = Math.min(Math.max(Math.round(row), 0), this.rows - 1);
    if (timeS === this.timeS && row === this.row) return;
    [this.timeS, this.row] = [timeS, row];
    this.dispatchEvent(new Event("move"));
  }
}
