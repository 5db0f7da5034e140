// What this page remembers while it is open, in the browser alone: clips, results, a cuff reading. Closing it forgets all.

const MOST = 6; // results and clips, of one's own and of a batch each: they lie in memory

/** @typedef {{key: string, group: Group, address: string}} Clip */
/** @typedef {"single" | "batch"} Group how a clip was sent: alone, or as one of many */

/**
 * @typedef {object} Entry a result
 * @property {string} id
 * @property {string} name of the clip
 * @property {number | null} number of the example; null for a clip of the visitor's
 * @property {Group} group
 * @property {Date} at
 * @property {string[]} parts the HTML of result, steps and evidence; empty where only the numbers are kept
 * @property {Numbers} numbers
 * @property {import("./cuff.js").Cuff | null} cuff that was entered for it
 */

/** @typedef {Pick<import("./result.js").Result, "status" | "verdict" | "reason" | "model" | "systolic" | "diastolic" | "heart_rate">} Numbers */

/** @returns {string} */
export const newKey = () => crypto.randomUUID?.() ?? String(Math.random());

/** @returns {HTMLElement | null} a result's HTML as elements, not on the page yet */
export function parseResult(html) {
  const result = new DOMParser().parseFromString(html, "text/html").querySelector(".bp-result");
  return result && document.importNode(/** @type {HTMLElement} */ (result), true);
}

/** @returns {import("./result.js").Result | null} the data inside a result's HTML */
export function readResult(html) {
  const data = parseResult(html)?.querySelector("template[data-result]");
  return data ? JSON.parse(/** @type {HTMLTemplateElement} */ (data).content.textContent) : null;
}

/** Its events: `result` when one is shown, `change` when the list of results or a cuff reading changed. */
export class Session extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, Clip>} */
    this.clips = new Map();
    /** @type {Entry[]} the newest last */
    this.entries = [];
    /** @type {ReturnType<typeof import("./result.js").showResult> | null} what the page shows */
    this.view = null;
    /** @type {string | undefined} where the clip that was chosen last is played from */
    this.chosen = undefined;
    /** @type {string[]} the parts of the result that is opened again */
    this.opened = [];
    /** @type {import("./cuff.js").Cuff | null} the cuff reading in use */
    this.calibration = null;
  }

  /**
   * Keeps a visitor's clip, to be played beside its result.
   *
   * @param {File} file
   * @param {Group} group
   * @returns {string} its key, which goes to the server and comes back with the result
   */
  keepClip(file, group = "single") {
    const key = newKey();
    this.clips.set(key, { key, group, address: URL.createObjectURL(file) });
    for (const old of [...this.clips.values()].filter((clip) => clip.group === group).slice(0, -MOST)) {
      URL.revokeObjectURL(old.address);
      this.clips.delete(old.key);
    }
    if (group === "single") this.choose({ key });
    return key;
  }

  /** Notes which clip is about to be read, by its key or its name among the examples. */
  choose(clip) {
    this.chosen = this.address(clip);
  }

  /** @returns {string | undefined} where a clip can be played from */
  address({ key, example }) {
    return example ? new URL(`examples/${example}`, document.baseURI).href : this.clips.get(key)?.address;
  }

  /** Notes the result that is shown. */
  show(view) {
    this.view = view;
    this.dispatchEvent(new Event("result"));
  }

  /**
   * Keeps a result; of the oldest only the numbers stay, and an example is kept once.
   *
   * @param {string[]} parts the HTML of result, steps and evidence
   * @param {{group?: Group, name?: string}} of the clip
   * @returns {Entry | null} null where the parts hold no result
   */
  keep(parts, { group = "single", name = "" } = {}) {
    const result = readResult(parts[0]);
    if (!result) return null;
    const { id, clip, number, status, verdict, reason, model, systolic, diastolic, heart_rate } = result;
    const numbers = { status, verdict, reason, model, systolic, diastolic, heart_rate };
    const entry = { id, name: name || clip, number, group, at: new Date(), parts, numbers, cuff: null };
    this.entries = this.entries.filter((other) => number === null || other.number !== number);
    this.entries.push(entry);
    for (const old of this.entries.filter((other) => other.group === group).slice(0, -MOST)) old.parts = [];
    this.dispatchEvent(new Event("change"));
    return entry;
  }

  /** @returns {Entry | undefined} what is kept of a result */
  find(id) {
    return this.entries.find((entry) => entry.id === id);
  }

  /** @returns {import("./cuff.js").Cuff | null} the cuff reading that adjusts a result: one's own, later, by the same model */
  cuff({ id }) {
    const cuff = this.calibration;
    const entry = this.find(id);
    const from = cuff && this.find(cuff.result);
    if (!entry || !from || entry.number !== null || !entry.numbers.systolic) return null;
    return entry.numbers.model === cuff.model && entry.at >= from.at ? cuff : null;
  }

  /** Uses a cuff reading from now on; null for none. */
  calibrate(cuff) {
    this.calibration = cuff;
    if (cuff) this.find(cuff.result).cuff = cuff;
    this.dispatchEvent(new Event("change"));
  }
}

export const session = new Session();
