// What is on the screen, and what a screen reader says. Knows nothing of cameras.

import { make } from "../words.js";
import { CHECKS, OVAL } from "./checks.js";
import { CAMERA, CARDS, CHECK_NAMES, fill, INSTRUCTIONS, PROBLEMS, VERDICTS, VIRTUAL } from "./words.js";

const SPEAK_EVERY_MS = 3000; // instructions change faster than anyone wants to hear
const MARKS = { true: "✓", false: "!", null: "·" };
const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";

export class View {
  /** @param {HTMLElement} root the section of the template */
  constructor(root) {
    this.root = root;
    /** @type {Record<string, any>} */
    this.parts = {};
    for (const part of root.querySelectorAll("[data-part]")) this.parts[part.dataset.part] = part;
    [this.spoken, this.spokenAt, this.speaking] = ["", -Infinity, null];
    this.drawGuide(4, 3);
    this.parts.checks.replaceChildren(...CHECKS.map(makeCheck));
    this.showChecks(null);
  }

  buttons() {
    return [...this.root.querySelectorAll("[data-do]")];
  }

  /** Shows what is known of each check. */
  showChecks(passed) {
    for (const item of this.parts.checks.children) {
      const known = passed?.[item.dataset.check] ?? null;
      if (item.dataset.passed === String(known)) continue;
      item.dataset.passed = String(known);
      item.firstChild.textContent = MARKS[known];
      item.lastChild.textContent = `: ${VERDICTS[known]}`;
    }
  }

  /** Shows a state: its parts, its card, and the focus where one goes on from, if it was on something that is gone. */
  show(state, { card = state, problem = null, parts = {}, without = [] } = {}) {
    const focused = document.activeElement;
    this.root.dataset.state = state;
    if (problem) this.root.dataset.problem = problem;
    else delete this.root.dataset.problem;
    for (const part of this.root.querySelectorAll("[data-in]")) {
      part.toggleAttribute("hidden", !part.dataset.in.split(" ").includes(state) || without.includes(part.dataset.do));
    }
    const text = this.write(problem ? PROBLEMS[problem] : CARDS[card], parts);
    if (text && (state !== "idle" || this.hasCome)) this.speak(text, { atOnce: true });
    this.hasCome = true;
    if (this.root.contains(focused) && focused.closest("[hidden]")) this.focus(state);
  }

  /** Writes a card; returns what it says. */
  write(text, parts) {
    if (!text) return "";
    const [title, note] = [fill(text.title, parts), fill(text.note, parts)];
    this.parts.title.textContent = title;
    this.parts.note.textContent = note;
    return `${title}. ${note}`;
  }

  focus(state) {
    const [target] = [...this.root.querySelectorAll("[data-focus]")].filter(
      (part) => part.dataset.focus.split(" ").includes(state) && !part.hidden,
    );
    target?.focus({ preventScroll: true });
  }

  /** Gives an instruction; `mood` is "good" or "change". */
  give(code, mood) {
    const text = INSTRUCTIONS[code];
    this.root.dataset.mood = mood;
    if (this.parts.say.textContent === text) return;
    this.parts.say.textContent = text;
    this.speak(text);
  }

  /** Has a screen reader say something: at once, or when the last words are a while ago, and only the latest. */
  speak(text, { atOnce = false } = {}) {
    clearTimeout(this.speaking);
    const announce = () => {
      if (text !== this.spoken) this.parts.live.textContent = text;
      [this.spoken, this.spokenAt] = [text, performance.now()];
    };
    const wait = this.spokenAt + SPEAK_EVERY_MS - performance.now();
    if (atOnce || wait <= 0) announce();
    else this.speaking = setTimeout(announce, wait);
  }

  /** Says sentences about the camera, where they are others than before. */
  tellFacts(sentences) {
    const text = sentences.join(" ");
    if (this.parts.facts.textContent !== text) this.parts.facts.textContent = text;
  }

  /** Lists the cameras there are; the menu is there when one can choose. */
  listCameras(cameras, chosenId) {
    const named = cameras.map(({ deviceId, label, isVirtual }, number) => {
      const name = label || fill(CAMERA, { number: number + 1 });
      const option = make("option", { value: deviceId }, isVirtual ? fill(VIRTUAL, { label: name }) : name);
      option.toggleAttribute("selected", deviceId === chosenId);
      return option;
    });
    this.parts.cameras.replaceChildren(...named);
    const canChoose = cameras.length > 1;
    this.parts.menu.hidden = !canChoose;
    this.parts.turn.hidden = !canChoose || !matchMedia("(pointer: coarse)").matches;
  }

  /** Fills the ring around the oval, 0 to 1. */
  ring(share) {
    this.parts.ring.style.strokeDashoffset = 1 - share;
  }

  /** Shows how many seconds of a recording are done. */
  clock(gone, seconds) {
    const left = Math.ceil(seconds - gone);
    this.parts.clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    this.ring((matchMedia(REDUCED_MOTION).matches ? Math.floor(gone) : gone) / seconds);
    return left;
  }

  /** Draws the oval for a picture of this size, and gives the stage its shape. */
  drawGuide(width, height) {
    const across = (150 * width) / height; // of the middle of a picture 300 high
    const unit = Math.min(300, (across * 8) / 3);
    const [down, right, high] = [150, (OVAL.width * unit) / 2, (OVAL.height * unit) / 2];
    const turn = `A${right} ${high} 0 0 1 ${across} `;
    const oval = `M${across} ${down - high}${turn}${down + high}${turn}${down - high}`;
    this.parts.guide.setAttribute("viewBox", `0 0 ${2 * across} 300`);
    this.parts.mask.setAttribute("d", `M0 0H${2 * across}V300H0Z${oval}Z`);
    for (const part of ["oval", "ring"]) this.parts[part].setAttribute("d", oval);
    this.root.style.setProperty("--shape", `${width} / ${height}`);
  }
}

function makeCheck(name) {
  const mark = make("span", { class: "bp-rec-mark", "aria-hidden": "true" });
  return make("li", { "data-check": name }, mark, CHECK_NAMES[name], make("span", { class: "bp-rec-heard" }));
}
