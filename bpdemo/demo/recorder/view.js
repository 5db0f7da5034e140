// What is on the screen, and what a screen reader says. Knows nothing of cameras.

const SPEAK_EVERY_MS = 3000; // instructions change faster than anyone wants to hear
const CHECKS = ["face", "light", "even", "bright", "still"];
const MARKS = { true: "✓", false: "!", null: "·" };
const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";

class View {
  constructor(element, words) {
    this.root = element.querySelector(".bp-rec");
    this.parts = {};
    for (const part of this.root.querySelectorAll("[data-part]")) this.parts[part.dataset.part] = part;
    [this.spoken, this.spokenAt, this.speaking] = ["", -Infinity, null];
    this.drawGuide(4, 3);
    this.words = words;
    this.root.setAttribute("aria-label", words.name);
    this.parts.video.setAttribute("aria-label", words.picture);
    this.parts.checks.setAttribute("aria-label", words.checks.title);
    this.parts.privacy.textContent = words.privacy;
    for (const button of this.buttons()) button.textContent = words.buttons[button.dataset.do];
    this.parts.checks.replaceChildren(...CHECKS.map((name) => this.makeCheck(name)));
    this.showChecks(null);
  }

  buttons() {
    return [...this.root.querySelectorAll("[data-do]")];
  }

  makeCheck(name) {
    const item = document.createElement("li");
    item.dataset.check = name;
    const [mark, text, heard] = ["bp-rec-mark", "", "bp-rec-heard"].map((kind) => {
      const part = document.createElement("span");
      part.className = kind;
      item.append(part);
      return part;
    });
    mark.setAttribute("aria-hidden", "true");
    text.textContent = this.words.checks[name];
    return item;
  }

  showCheck(item, passed) {
    item.dataset.passed = String(passed);
    item.firstChild.textContent = MARKS[passed];
    const verdict = passed === null ? "unknown" : passed ? "passed" : "failed";
    item.lastChild.textContent = `: ${this.words.checks[verdict]}`;
  }

  showChecks(passed) {
    for (const item of this.parts.checks.children) this.showCheck(item, passed?.[item.dataset.check] ?? null);
  }

  /** Shows a state: its parts, its card, and the focus where one goes on from, if it was in here. */
  show(state, { card = state, problem = null, parts = {}, without = [] } = {}) {
    const focused = this.root.contains(document.activeElement);
    this.root.dataset.state = state;
    if (problem) this.root.dataset.problem = problem;
    else delete this.root.dataset.problem;
    for (const part of this.root.querySelectorAll("[data-in]")) {
      const shown = part.dataset.in.split(" ").includes(state) && !without.includes(part.dataset.do);
      part.toggleAttribute("hidden", !shown);
    }
    const text = problem ? this.words.problems[problem] : this.words.cards[card];
    if (text) {
      this.parts.title.textContent = text.title;
      this.parts.note.textContent = fill(text.note, parts);
      if (card !== "idle" || problem) this.speak(`${text.title}. ${fill(text.note, parts)}`, { atOnce: true });
    }
    if (focused) this.focus(state);
  }

  focus(state) {
    const [target] = [...this.root.querySelectorAll("[data-focus]")].filter(
      (part) => part.dataset.focus.split(" ").includes(state) && !part.hidden,
    );
    target?.focus({ preventScroll: true });
  }

  /** Shows an instruction; `mood` is "good" or "change". */
  say(text, mood) {
    if (this.parts.say.textContent !== text) this.parts.say.textContent = text;
    this.root.dataset.mood = mood;
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

  facts(sentences) {
    this.parts.facts.textContent = sentences.join(" ");
  }

  count(number) {
    this.parts.count.textContent = number;
  }

  /** Shows how much of the recording is done, 0 to 1, and the seconds that are left. */
  clock(share, left) {
    this.parts.clock.textContent = `0:${String(left).padStart(2, "0")}`;
    const shown = matchMedia(REDUCED_MOTION).matches ? Math.floor(share * CLIP_S) / CLIP_S : share;
    this.parts.ring.style.strokeDashoffset = 1 - shown;
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

function fill(text, parts) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => parts[name] ?? whole);
}
