// Camera, live engine and instructions: what recording and watching share. States: idle -> asking -> preview, and error
// from anywhere. The state can be read from the root's `data-state`, an error's code from its `data-problem`.
//
// `visit` counts up with every turn of that course: what was waiting for a camera then sees that it is not wanted any
// more.

import { prepareLive, startLive } from "../live/engine.js";
import { showLive } from "../live/drawings/show.js";
import { browserProblem, holdCamera, isVirtual, listCameras, openCamera } from "./camera.js";
import { Judge } from "./checks.js";
import { View } from "./view.js";
import { FACTS, fill } from "./words.js";

/** @typedef {import("./camera.js").Wish} Wish */
/** @typedef {import("../live/engine.js").Look} Look */

const HIDDEN_MS = 30_000; // a preview nobody sees keeps the camera on no longer than this
const SECOND_MS = 1000;

/**
 * What is built upon it overrides `onVerdict`, `onHidden` and `onRelease`, or listens: "live" when an engine starts
 * (detail: it).
 */
export class Studio extends EventTarget {
  /**
   * @param {HTMLElement} root the section of the template
   * @param {{deeds?: Record<string, () => void>, idle?: string, goUpload?: () => void}} options what further buttons
   * do, by `data-do`; the card of an idle camera; the way to an upload
   */
  constructor(root, { deeds = {}, idle = "idle", goUpload = () => {} } = {}) {
    super();
    this.view = new View(root);
    this.idleCard = idle;
    this.visit = 0;
    this.state = "idle";
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {ReturnType<typeof startLive> | null} */
    this.live = null;
    /** @type {string[]} further facts */
    this.facts = [];
    const all = {
      start: () => this.start(),
      retry: () => this.start(),
      stop: () => this.cancel(this.idleCard),
      cancel: () => this.cancel("cancelled"),
      upload: goUpload,
      ...deeds,
    };
    for (const button of this.view.buttons()) button.addEventListener("click", () => all[button.dataset.do]?.());
    const { cameras, turn } = this.view.parts;
    cameras.addEventListener("change", () => this.change({ deviceId: cameras.value }));
    turn.addEventListener("click", () => this.change({ facing: this.facing === "user" ? "environment" : "user" }));
    root.addEventListener("keydown", ({ key }) => key === "Escape" && this.escape());
    // From elsewhere on the page: starts with the camera that is open there.
    root.addEventListener("bp-start", (event) => this.start(/** @type {CustomEvent} */ (event).detail ?? {}));
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.listCameras());
    this.letGoWhenNobodyLooks();
    this.show("idle", { card: this.idleCard });
  }

  /** Begins a turn of the course; returns whether it is still the one, to be asked after every wait. */
  turn() {
    const visit = ++this.visit;
    return () => visit === this.visit;
  }

  /** Shows a state; see `View.show`. */
  show(state, more) {
    this.state = state;
    this.view.show(state, more);
  }

  /** @returns {MediaStreamTrack | undefined} */
  get track() {
    return this.stream?.getVideoTracks()[0];
  }

  /** @returns {MediaStream | null} the open camera, for another studio */
  handOver() {
    const { stream } = this;
    this.stream = null; // so it stays open
    this.cancel(this.idleCard);
    return stream;
  }

  /** Asks for a camera and shows what it sees. @param {Wish} wish */
  async start(wish = {}) {
    this.release();
    const problem = browserProblem();
    if (problem) return this.fail(problem);
    this.show("asking");
    await this.open(wish);
  }

  /** Takes another camera. @param {Wish} wish */
  async change(wish) {
    if (!this.stream) return;
    this.release(); // many phones open one camera at a time
    this.showPreview();
    await this.open(wish);
  }

  async open(wish) {
    const wanted = this.turn();
    prepareLive();
    let stream;
    try {
      stream = wish.stream ?? (await openCamera(wish));
    } catch (error) {
      return wanted() && this.fail(error.code);
    }
    if (!wanted()) return stopTracks(stream);
    this.stream = stream;
    this.mayHold = true;
    this.track.addEventListener("ended", () => this.stream === stream && this.fail("lost"));
    this.facing = this.track.getSettings().facingMode ?? wish.facing ?? "user";
    this.view.root.dataset.facing = this.facing;
    const { video } = this.view.parts;
    video.onresize = video.onloadedmetadata = () => this.view.drawGuide(video.videoWidth, video.videoHeight);
    video.srcObject = stream;
    video.play().catch(() => {}); // it plays by itself; a browser that asks for a touch first has just had one
    this.listCameras();
    this.judge = new Judge();
    const live = (this.live = startLive(video));
    live.addEventListener("look", ({ detail }) => this.live === live && this.onLook(detail));
    this.endShow = showLive(this.view.root, live);
    if (document.hidden) live.pause();
    this.showPreview();
    this.dispatchEvent(new CustomEvent("live", { detail: live }));
  }

  showPreview() {
    this.view.showChecks(null);
    this.view.ring(0);
    this.view.give("wait", "change");
    this.tellFacts(null);
    this.show("preview");
  }

  async listCameras() {
    const { stream } = this;
    if (!stream) return;
    const cameras = await listCameras();
    if (this.stream === stream) this.view.listCameras(cameras, this.track?.getSettings().deviceId);
  }

  /** @param {Look} look */
  onLook(look) {
    const verdict = this.judge.take(look);
    this.view.showChecks(verdict.passed);
    this.onVerdict(verdict, look);
    this.tellFacts(look);
  }

  /** @param {import("./checks.js").Verdict} verdict @param {Look} _look */
  onVerdict({ instruction }, _look) {
    this.view.give(instruction, instruction.startsWith("ready") ? "good" : "change");
  }

  /** Says what the camera gives, as measured, and what else is to be known of it. */
  tellFacts(look) {
    if (!this.track || !look) return this.view.tellFacts([]);
    const { width, height } = this.track.getSettings();
    const told = [fill(FACTS.camera, { width, height, rate: Math.round(look.rateHz) })];
    if (width * height < 640 * 480) told.push(FACTS.small);
    if (isVirtual(this.track.label)) told.push(FACTS.virtual);
    if (look.face === undefined) told.push(FACTS.no_face_finder);
    this.view.tellFacts([...told, ...this.facts]);
  }

  /** Holds the camera's picture as it is now, unless that did harm before. */
  async hold() {
    const { track } = this;
    if (!this.mayHold || this.held) return;
    const held = (this.held = { held: [], free: async () => {} }); // no second one meanwhile
    const hold = await holdCamera(track);
    if (this.held !== held) return hold.free();
    this.held = hold;
  }

  /** Gives the camera its automatic ways back. */
  async free() {
    const { held } = this;
    this.held = null;
    await held?.free();
  }

  /** @param {string} problem a code of `PROBLEMS` */
  fail(problem, { without = ["resend", "again"] } = {}) {
    this.release();
    this.show("error", { problem, without });
  }

  /** Switches the camera off. @param {string} card what is shown then */
  cancel(card) {
    this.release();
    this.show("idle", { card });
  }

  escape() {
    if (["asking", "steady", "recording", "uploading"].includes(this.state)) this.cancel("cancelled");
  }

  onHidden() {}

  onRelease() {}

  /** Lets the camera go: gives it back its automatic ways, then switches it off. */
  release() {
    this.turn();
    this.onRelease();
    const { stream, live, held } = this;
    this.endShow?.();
    live?.end();
    this.stream = this.live = this.held = this.endShow = null;
    this.facts = [];
    this.view.parts.video.srcObject = null;
    if (held?.held.length) Promise.race([held.free(), wait(SECOND_MS)]).then(() => stopTracks(stream));
    else stopTracks(stream);
  }

  /** Switches the camera off when the page goes, or is out of sight for long, or another tab of it is chosen. */
  letGoWhenNobodyLooks() {
    let timer = null;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (!document.hidden) {
        this.judge = new Judge(); // frames of before do not count
        return this.live?.resume();
      }
      this.live?.pause();
      this.onHidden();
      timer = setTimeout(() => this.stream && this.cancel("slept"), HIDDEN_MS);
    });
    addEventListener("pagehide", () => this.stream && this.cancel(this.idleCard));
    new ResizeObserver(([{ contentRect }]) => {
      if (!contentRect.width && this.stream) this.cancel("cancelled");
    }).observe(this.view.root);
  }
}

function stopTracks(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/** @param {number} ms @returns {Promise<void>} */
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
