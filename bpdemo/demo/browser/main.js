// What the page's parts start with; each is one of Gradio's HTML components, which hands over `element` and its tools.

import { colours } from "./colours.js";
import { startCuff } from "./cuff.js";
import { startFiles } from "./files.js";
import { showResult } from "./result.js";
import { parseResult, session } from "./session.js";
import { drawSteps } from "./steps.js";

export { startBatch } from "./batch.js";
export { startCompare } from "./compare.js";
export { startExamples } from "./examples.js";
export { startWatch } from "./live/watch.js";
export { startRecorder } from "./recorder/recorder.js";
export { startUpload } from "./upload.js";

/** The place of the result: draws each one that comes, and lets the one before go. */
export function startResult({ element, trigger, watch, props, server }) {
  element.setAttribute("aria-live", "polite");
  startFiles(element, server);
  startCuff(element);
  element.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) trigger("again", { example: session.view.result.number });
  });
  const update = () => {
    session.view?.end();
    session.view = null;
    const state = element.querySelector("[data-status]")?.dataset.status;
    const used = element.querySelector(".bp-result");
    // Without a picture there is room for the ways to a clip, and need of them.
    const hasPicture = Boolean(used?.querySelector("canvas"));
    document.querySelector("#stage").classList.toggle("bp-has-result", hasPicture || state === "working");
    document.querySelector("#stage").classList.remove("bp-choosing");
    if (state === "working") showWorking(element);
    if (!used) return;
    // Gradio keeps elements of the result before where they are alike, and all of its data: this one begins afresh.
    const shown = parseResult(props.value);
    used.replaceWith(shown);
    const strip = shown.querySelector(".bp-strip");
    session.show(showResult(strip, { colours: colours(), address: (result) => session.address(result) }));
    shown.dataset.drawn = "";
  };
  watch("value", update);
  update();
}

/** Plays the clip that is being read, from the browser's own copy. */
function showWorking(element) {
  const place = element.querySelector("[data-working-clip]");
  const address = session.chosen;
  if (!place || !address) return;
  const video = document.createElement("video");
  Object.assign(video, { src: address, muted: true, loop: true, autoplay: true, playsInline: true });
  video.setAttribute("aria-label", "The clip that is being read");
  video.addEventListener("error", () => video.remove());
  place.append(video);
  if (place.getBoundingClientRect().top > 0.6 * window.innerHeight) element.scrollIntoView({ behavior: "smooth" });
}

/** The steps behind a result: drawn when both they and the result are there. */
export function startSteps({ element, watch }) {
  let drawn = null;
  const update = () => {
    if (!session.view) return;
    if (drawn !== session.view) {
      for (const used of element.querySelectorAll("canvas")) {
        const canvas = used.cloneNode();
        delete canvas.dataset.drawn;
        used.replaceWith(canvas);
      }
    }
    drawn = session.view;
    drawSteps(element, session.view, colours());
  };
  watch("value", update);
  session.addEventListener("result", update);
}

/** Writes this app's address into the snippets. */
export function startDevelopers({ element }) {
  const address = new URL(".", document.baseURI).href;
  for (const place of element.querySelectorAll("[data-origin]")) place.textContent = address;
}
