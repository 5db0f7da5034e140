// Many clips: sent one after another through everybody's queue, so that nothing waits on the server. A table fills.

import { BatchTable } from "./batch_table.js";
import { toCsv } from "./csv.js";
import { listenForFiles } from "./drop.js";
import { saveFile } from "./files.js";
import { openAgain } from "./history.js";
import { send } from "./send.js";
import { readResult, session } from "./session.js";
import { clipsInZip, MAX_CLIP_BYTES, MAX_CLIPS } from "./unzip.js";

/**
 * @typedef {object} Clip
 * @property {string} name
 * @property {() => Promise<File>} open
 * @property {number} row in the table
 */

const BUSY_MS = 8000; // the server's queue was full: so long until another try
const STOPPING_MS = 10_000; // at most, until what is read has ended
const problem = (code, message) => Object.assign(new Error(message), { code });

export function startBatch({ element, trigger, watch, props }) {
  const at = (name) => element.querySelector(`[data-batch=${name}]`);
  const table = new BatchTable(at("rows"));
  const columns = JSON.parse(element.querySelector("[data-columns]").dataset.columns);
  /** @type {Clip[]} */
  let waiting = [];
  let isRunning = false;
  let answer = (_answer) => {};
  let stopping = new AbortController();
  watch("value", () => answer(JSON.parse(props.value)));

  const ask = (clip) =>
    new Promise((done) => {
      answer = (answered) => {
        const result = answered.parts && readResult(answered.parts[0]);
        if (!result || result.key === clip.key) done(answered);
      };
      trigger("read", clip);
    });

  /** Reads one clip; why not is thrown. */
  const readOne = async ({ open, row, name }) => {
    const file = await open();
    if (file.size > MAX_CLIP_BYTES) throw problem("too_large", `Larger than ${MAX_CLIP_BYTES / 2 ** 20} MB.`);
    const key = session.keepClip(file, "batch");
    const { signal } = stopping;
    const onProgress = (share) => table.say(row, `Being sent, ${Math.floor(100 * share)} %`);
    while (!signal.aborted) {
      onProgress(0);
      const path = await send(file, { onProgress, signal });
      table.say(row, "Being read");
      const { row: numbers, parts, why } = await ask({ clip: path, key });
      if (parts) {
        table.fill(row, session.keep(parts, { group: "batch", name }), { ...numbers, clip: name });
        return;
      }
      if (why === "failed") throw problem("unexpected", "Something went wrong on the server.");
      if (why === "cancelled") return;
      table.say(row, "Waiting, the server is busy");
      await new Promise((done) => {
        signal.addEventListener("abort", done);
        setTimeout(done, BUSY_MS);
      });
    }
  };

  const tell = () => {
    const { done, total } = table;
    at("progress").textContent = total ? `${done} of ${total}${isRunning ? "" : stopping.signal.aborted ? ", stopped" : ", done"}` : "";
    at("stop").disabled = !isRunning || stopping.signal.aborted;
    at("csv").disabled = !table.rows().length;
    at("clear").disabled = isRunning || !total;
  };

  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    stopping = new AbortController();
    const { signal } = stopping;
    while (waiting.length && !signal.aborted) {
      tell();
      const clip = /** @type {Clip} */ (waiting.shift());
      await readOne(clip).catch(({ code = "unexpected", message }) => {
        if (!signal.aborted) table.fail(clip.row, code, message);
      });
      table.end(clip.row, "Stopped");
    }
    for (const { row } of waiting) table.end(row, "Stopped");
    waiting = [];
    isRunning = false;
    tell();
  };

  /** Lists clips, of zips each of theirs. */
  const add = async (files) => {
    at("message").textContent = "";
    for (const file of files) {
      const isZip = /\.zip$/i.test(file.name);
      const listed = isZip ? clipsInZip(file) : Promise.resolve([{ name: file.name, open: async () => file }]);
      const clips = await listed.catch(({ code, message }) => {
        table.fail(table.add(file.name), code ?? "zip_broken", message);
        return [];
      });
      const room = MAX_CLIPS - table.total;
      if (clips.length > room) at("message").textContent = `At most ${MAX_CLIPS} clips at once; the others were left out.`;
      for (const clip of clips.slice(0, Math.max(room, 0))) waiting.push({ ...clip, row: table.add(clip.name) });
    }
    tell();
    run();
  };

  listenForFiles(element, add);
  at("stop").addEventListener("click", () => {
    stopping.abort();
    trigger("stop");
    setTimeout(answer, STOPPING_MS, { why: "cancelled" });
    tell();
  });
  at("clear").addEventListener("click", () => {
    table.clear();
    tell();
  });
  at("csv").addEventListener("click", () => {
    saveFile("bpdemo.csv", new Blob([toCsv(columns, table.rows())], { type: "text/csv" }));
  });
  at("rows").addEventListener("click", ({ target }) => {
    const entry = table.entryAt(target);
    if (entry?.parts.length) openAgain(entry, trigger);
    else if (entry) at("message").textContent = `Of ${entry.name} only the numbers are kept. Send it again to see its map.`;
  });
}
