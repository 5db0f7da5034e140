// What this page remembers while it is open, in the browser alone: clips, results, cuff values. Closing it forgets all.

const MOST_CLIPS = 6; // recordings lie in memory
const MOST_RESULTS = 6;

/** @typedef {{key: string, name: string, address: string, file: File | null}} Clip */
/** @typedef {{key: string, result: import("./result.js").Result, html: string, at: Date, own: boolean}} Entry */

/** Its events: `result` when one is shown, `change` when the list of results changed. */
class Session extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, Clip>} */
    this.clips = new Map();
    /** @type {Entry[]} the newest last; `html` is empty where only its numbers are kept */
    this.entries = [];
    /** @type {ReturnType<typeof import("./result.js").showResult> | null} what the page shows */
    this.view = null;
    /** @type {string | undefined} where the clip that was chosen last is played from */
    this.chosen = undefined;
  }

  /**
   * Keeps a visitor's clip, to be played beside its result.
   *
   * @param {File} file
   * @returns {string} its key, which goes to the server and comes back with the result
   */
  keepClip(file) {
    const key = crypto.randomUUID?.() ?? String(Math.random());
    this.clips.set(key, { key, name: file.name, address: URL.createObjectURL(file), file });
    for (const old of [...this.clips.keys()].slice(0, -MOST_CLIPS)) {
      URL.revokeObjectURL(this.clips.get(old).address);
      this.clips.delete(old);
    }
    this.choose({ key });
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

  /** @returns {object | null} the cuff reading that adjusts a result, as the server wants it for files */
  cuff(result) {
    return null;
  }

  /** Notes a result that is shown; of the oldest only the numbers stay. */
  keepResult(view, html) {
    this.view = view;
    const { result } = view;
    const own = !result.example;
    this.entries.push({ key: crypto.randomUUID?.() ?? String(Math.random()), result, html, at: new Date(), own });
    for (const old of this.entries.slice(0, -MOST_RESULTS)) {
      if (!old.html) continue;
      old.html = "";
      old.result = { ...old.result, face: null, map: null, wave: null, beats: null, pictures: [], package: "" };
    }
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("result"));
  }
}

export const session = new Session();
