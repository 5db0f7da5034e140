// The guided recorder: what the studio shows, recorded and sent. preview -> steady -> recording -> uploading -> sent.
// Recording starts by itself once every check has held for a while, and ends early when it is not worth going on; why
// is in the root's `data-stopped` then.

import { send } from "../send.js";
import { session } from "../session.js";
import { EarlyStop } from "./checks.js";
import { recordClip } from "./clip.js";
import { Studio, wait } from "./studio.js";
import { ANNOUNCEMENTS, CARDS, FACTS, fill, HELD, RECORD, STOPPED } from "./words.js";

const STEADY_S = 1.5; // for so long all checks hold before it starts
const READ_S = 3; // after an early stop not before so long: one has to learn why
const STOPPED_S = 6; // for so long why is shown at most
const HOLDING_MS = 500; // at most, until a camera is held

/** @typedef {{file: File, key: string, note: object}} Recording */

export class Recorder extends Studio {
  /**
   * @param {HTMLElement} root the section of the template
   * @param {{submit: (sent: {clip: string, key: string, note: object}) => void, goUpload: () => void}} options
   */
  constructor(root, { submit, goUpload }) {
    super(root, {
      goUpload,
      deeds: {
        again: () => this.start(),
        record: () => this.record(),
        resend: () => this.upload(this.recording),
      },
    });
    this.submit = submit;
    /** @type {Recording | null} */
    this.recording = null;
    root.addEventListener("bp-read", () => this.showRead());
    root.addEventListener("change", () => this.showLength());
    this.showLength();
  }

  /** @returns {number} how long a recording is to be, s */
  get seconds() {
    return Number(this.view.root.querySelector("input[name=bp-rec-length]:checked").value);
  }

  showLength() {
    const parts = { seconds: this.seconds };
    this.view.root.querySelector("[data-do=record]").textContent = fill(RECORD, parts);
    if (this.state === "idle") this.view.write(CARDS.idle, parts);
  }

  show(state, more = {}) {
    super.show(state, { ...more, parts: { seconds: this.seconds, ...more.parts } });
  }

  onVerdict(verdict, look) {
    const { timeS } = look;
    if (this.state === "recording") {
      const cause = this.early.take(look);
      return cause ? this.stopEarly(cause) : this.give(recordingHint(verdict));
    }
    if (this.stopped) this.waitAfterStop(timeS);
    const mayStart = verdict.isReady && !(timeS < this.notBeforeS);
    if (this.state === "preview" && mayStart) this.beginSteady(timeS);
    else if (this.state === "steady" && (!verdict.isReady || this.early.take(look))) this.endSteady();
    if (this.state !== "steady") return this.give(verdict.instruction);
    this.give("steady");
    const share = (timeS - this.steadyS) / STEADY_S;
    this.view.ring(Math.min(share, 1));
    if (share >= 1) this.record();
  }

  give(code) {
    this.view.give(code, ["steady", "hold"].includes(code) || code.startsWith("ready") ? "good" : "change");
  }

  beginSteady(timeS) {
    this.steadyS = timeS;
    this.early = new EarlyStop();
    this.show("steady");
    this.holding = this.holdAndTell();
  }

  endSteady() {
    this.view.ring(0);
    this.letGo();
    this.show("preview");
  }

  async holdAndTell() {
    if (!this.mayHold) return;
    const { stream } = this;
    await this.hold();
    if (this.stream !== stream || !this.held) return;
    const names = this.held.held.map((name) => HELD[name]).join(", ");
    this.facts = [names ? fill(FACTS.held, { names }) : FACTS.not_held];
  }

  /** Lets exposure and the rest go; for good where holding them may have changed the light. */
  letGo() {
    const didHarm = this.held?.held.length && this.early?.lightChanged;
    if (didHarm) this.mayHold = false;
    this.facts = didHarm ? [FACTS.let_go] : this.mayHold ? [] : this.facts;
    this.free();
  }

  async record() {
    if (!["preview", "steady"].includes(this.state)) return;
    const wanted = this.turn();
    if (this.state === "preview") {
      this.early = new EarlyStop();
      this.holding = this.holdAndTell();
    }
    this.state = "starting"; // pressed twice, it starts once
    await Promise.race([this.holding, wait(HOLDING_MS)]);
    if (!wanted()) return;
    const { seconds, live } = this;
    let clip;
    try {
      clip = recordClip(this.stream, { seconds });
    } catch {
      return this.fail("no_record");
    }
    this.stopClip = clip.stop;
    live.begin({ isRecording: true });
    this.showStopped(null);
    this.give("hold");
    this.show("recording");
    this.view.speak(fill(ANNOUNCEMENTS.recording, { seconds }), { atOnce: true });
    this.runClock(wanted, seconds);
    try {
      const file = await clip.done;
      if (!wanted()) return;
      const note = live.note();
      this.release();
      await this.upload({ file, note, key: session.keepClip(file) });
    } catch {
      if (wanted()) this.fail("no_record");
    }
  }

  runClock(wanted, seconds) {
    const start = performance.now();
    let spoken = false;
    const tick = () => {
      if (!wanted()) return;
      const gone = Math.min((performance.now() - start) / 1000, seconds);
      const left = this.view.clock(gone, seconds);
      if (left === 5 && !spoken) {
        spoken = true;
        this.view.speak(fill(ANNOUNCEMENTS.left, { seconds: left }), { atOnce: true });
      }
      setTimeout(tick, 100);
    };
    tick();
  }

  /** Throws away what has been recorded, says why, and goes on looking. @param {keyof STOPPED} cause */
  stopEarly(cause) {
    this.turn();
    this.stopClip?.();
    this.stopClip = null;
    this.view.ring(0);
    this.live.begin();
    this.letGo();
    this.showStopped(cause);
    this.show("preview");
    this.view.speak(STOPPED[cause], { atOnce: true });
  }

  /** @param {keyof STOPPED | null} cause */
  showStopped(cause) {
    this.stopped = cause;
    this.stoppedS = this.notBeforeS = null;
    this.view.parts.stopped.textContent = cause ? STOPPED[cause] : "";
    if (cause) this.view.root.dataset.stopped = cause;
    else delete this.view.root.dataset.stopped;
  }

  /** Time counts from the first look on: nobody reads while the page is out of sight. */
  waitAfterStop(timeS) {
    this.stoppedS ??= timeS;
    this.notBeforeS = this.stoppedS + READ_S;
    if (timeS - this.stoppedS >= STOPPED_S) this.showStopped(null);
  }

  cancel(card) {
    this.recording = null;
    super.cancel(card);
  }

  onHidden() {
    if (this.state === "recording") this.stopEarly("hidden");
    else if (this.state === "steady") this.endSteady();
  }

  onRelease() {
    this.stopClip?.();
    this.sending?.abort();
    this.stopClip = this.early = this.sending = null;
    this.showStopped(null);
  }

  /** @param {Recording} recording */
  async upload(recording) {
    const wanted = this.turn();
    this.recording = recording;
    const { file, key, note } = recording;
    const { progress, percent } = this.view.parts;
    const onProgress = (share) => {
      progress.value = share;
      percent.textContent = `${Math.floor(100 * share)} %`;
    };
    onProgress(0);
    this.show("uploading", { parts: { size: (file.size / 1e6).toFixed(1) } });
    const sending = (this.sending = new AbortController());
    let clip;
    try {
      clip = await send(file, { onProgress, signal: sending.signal });
    } catch {
      return wanted() && this.fail("upload_failed", { without: ["retry"] });
    }
    if (!wanted()) return;
    this.recording = this.sending = null;
    this.submit({ clip, key, note });
    this.show("sent", { without: ["again"] });
  }

  /** The server has finished with the clip that was sent. */
  showRead() {
    if (this.state === "sent") this.show("sent", { card: "read" });
  }
}

/** @param {import("./checks.js").Verdict} verdict @returns {string} what to say while recording; movement ends nothing */
function recordingHint({ passed, instruction }) {
  if (passed.face === false) return instruction === "no_face" || instruction === "dark_no_face" ? "hold" : "left";
  return passed.still === false ? "moving" : "hold";
}

/** The tab "Record". */
export function startRecorder({ element, trigger }) {
  const root = element.querySelector(".bp-rec");
  new Recorder(root, { submit: (sent) => trigger("submit", sent), goUpload: () => trigger("other_way") });
}
