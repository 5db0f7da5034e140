// The table of a batch: a row for each clip, from the moment it is listed.

import { make, pressureWords, rateWords } from "./words.js";

const CELLS = 5; // beside the clip's name: verdict, two pressures, heart rate, reason

/** @typedef {{line: HTMLElement, entry: import("./session.js").Entry | null, numbers: Record<string, string> | null}} Row */

export class BatchTable {
  /** @param {HTMLElement} body of the table */
  constructor(body) {
    this.body = body;
    /** @type {Row[]} */
    this.all = [];
  }

  get total() {
    return this.all.length;
  }

  /** How many are through, one way or another. */
  get done() {
    return this.all.filter(({ numbers }) => numbers).length;
  }

  /** @returns {number} the new row's number */
  add(name) {
    const cells = Array.from({ length: CELLS }, () => make("td"));
    const line = make("tr", {}, make("th", { scope: "row" }, name), ...cells);
    this.body.append(line);
    this.body.closest("table").hidden = false;
    this.all.push({ line, entry: null, numbers: null });
    this.say(this.total - 1, "Waiting");
    return this.total - 1;
  }

  /** Says what is happening to a clip. */
  say(row, words) {
    this.write(row, [words, "", "", "", ""]);
  }

  /** Fills a row with a result; `numbers` are its columns in the CSV. */
  fill(row, entry, numbers) {
    const { verdict, systolic, diastolic, reason } = entry.numbers;
    const cells = [verdict, pressureWords(systolic), pressureWords(diastolic), rateWords(entry.numbers), reason];
    this.write(row, cells);
    const name = this.all[row].line.querySelector("th");
    name.replaceChildren(make("button", { type: "button", class: "bp-link" }, name.textContent));
    Object.assign(this.all[row], { entry, numbers });
  }

  /** Says why a clip was not read. */
  fail(row, code, why) {
    this.write(row, ["Not read", "", "", "", why]);
    const clip = this.all[row].line.querySelector("th").textContent;
    this.all[row].numbers = { clip, status: "error", level: "nothing", reasons: code, why };
  }

  /** Says what became of a clip of which there is nothing else to say. */
  end(row, words) {
    if (!this.all[row].numbers) this.say(row, words);
  }

  clear() {
    this.all = [];
    this.body.replaceChildren();
    this.body.closest("table").hidden = true;
  }

  /** @returns {Record<string, string>[]} what has been read, for the CSV */
  rows() {
    return this.all.flatMap(({ numbers }) => numbers ?? []);
  }

  /** @returns {import("./session.js").Entry | null} the result of the row that a part of the page lies in */
  entryAt(part) {
    const line = part.closest("tr");
    return this.all.find((row) => row.line === line)?.entry ?? null;
  }

  write(row, cells) {
    this.all[row].line.querySelectorAll("td").forEach((cell, place) => (cell.textContent = cells[place]));
  }
}
