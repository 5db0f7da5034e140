// What is wrong with what the camera sees, and the one thing to say about it. Touches neither page nor camera.

/** @typedef {import("../live/engine.js").Look} Look */
/** @typedef {"face" | "light" | "even" | "bright" | "still" | "rate"} Check */

/**
 * @typedef {object} Verdict
 * @property {Record<Check, boolean | null>} passed null: not known
 * @property {string} instruction what to do about the first check that fails
 * @property {boolean} isReady whether every check passes
 */

export const CHECKS = /** @type {Check[]} */ (["face", "light", "even", "bright", "still", "rate"]);
export const OVAL = { width: 0.52, height: 0.7 }; // of the picture's height
// Ours; what the server refuses is looser (bpdemo/quality.py), but for the frame rate, where it is the same.
export const LIMITS = {
  width: [0.25, 0.55], // of the face
  apart: [0.12, 0.14], // face and oval, across and down
  luma: 55, // of 255
  halves: 0.67, // the darker half of the face, of the brighter one
  clipped: 0.15, // share of the face's pixels
  sway: 0.05, // face widths
  rateHz: 14.5,
  jump: 0.15, // change of the face's luma within a second or two
};
const SETTLED_S = 0.4; // for so long something has to be so before it is said
const SLOW_S = 0; // a frame rate is that of 0.7 s already
const MARGIN = 0.06; // a check that fails has to be passed by so much, or it would flicker at its limit
const LIGHT_BEFORE_S = [0.5, 2]; // light is set beside that of so long before

/** A value that changes once another has come up for long enough. */
class Settled {
  constructor(settleS) {
    this.settleS = settleS;
    this.value = undefined;
    [this.other, this.sinceS] = [undefined, null];
  }

  take(value, timeS) {
    if (value !== this.other) [this.other, this.sinceS] = [value, timeS];
    if (timeS - this.sinceS >= this.settleS) this.value = value;
    return this.value;
  }
}

/** What a check says: its fault by name, "" where it passes, undefined where it is not known. */
class SettledCheck {
  constructor() {
    this.kind = new Settled(SETTLED_S);
    this.fault = new Settled(SETTLED_S);
  }

  get value() {
    return this.kind.value === "fault" ? this.shown : this.kind.value;
  }

  take(fault, timeS) {
    const failed = this.kind.value === "fault";
    this.kind.take(fault ? "fault" : fault, timeS);
    const settled = this.fault.take(fault, timeS);
    if (fault && (!failed || settled === fault)) this.shown = fault;
  }
}

/** Judges look after look; nothing it says changes before it has been so for 0.4 s. */
export class Judge {
  constructor() {
    this.checks = Object.fromEntries(CHECKS.map((name) => [name, new SettledCheck()]));
    this.startS = null;
  }

  /** @param {Look} look @returns {Verdict} */
  take(look) {
    this.startS ??= look.timeS;
    const is = (name) => this.checks[name].value;
    const faults = findFaults(look, (name) => Boolean(is(name)));
    if (look.timeS - this.startS < 1) faults.rate = undefined; // it is counted over a second
    for (const name of CHECKS) this.checks[name].take(faults[name], look.timeS);
    const passed = Object.fromEntries(CHECKS.map((name) => [name, is(name) === undefined ? null : !is(name)]));
    return { passed, instruction: this.instruction(look), isReady: CHECKS.every((name) => passed[name]) };
  }

  instruction(look) {
    const is = (name) => this.checks[name].value;
    if (is("face") === "no_face" && is("light")) return "dark_no_face";
    const first = CHECKS.map(is).find(Boolean);
    if (first) return first;
    if (look.face === undefined && is("light") === "") return "ready_unchecked";
    return CHECKS.every((name) => is(name) === "") ? "ready" : "wait";
  }
}

/** Returns the fault of each check in one look; left and right are the person's own. */
function findFaults({ face, light, sway, rateHz }, failed) {
  const over = (name, value, limit) => value > limit * (failed(name) ? 1 - MARGIN : 1);
  const under = (name, value, limit) => value < limit * (failed(name) ? 1 + MARGIN : 1);
  const ifAny = (fault, found) => (face ? (found ? fault : "") : undefined); // without a face there is nothing to say
  return {
    face: face === null ? "no_face" : face && framing(face, (...given) => over("face", ...given)),
    light: under("light", light.luma, LIMITS.luma) ? "dark" : "",
    even: ifAny("uneven", under("even", light.halves, LIMITS.halves)),
    bright: ifAny("glaring", over("bright", light.clipped, LIMITS.clipped)),
    still: ifAny("moving", over("still", sway, LIMITS.sway)),
    rate: rateHz < LIMITS.rateHz ? "slow" : "",
  };
}

function framing({ x, y, width }, over) {
  if (over(1 / width, 1 / LIMITS.width[0])) return "closer";
  if (over(x, LIMITS.apart[0])) return "move_right";
  if (over(-x, LIMITS.apart[0])) return "move_left";
  if (over(y, LIMITS.apart[1])) return "move_up";
  if (over(-y, LIMITS.apart[1])) return "move_down";
  return over(width, LIMITS.width[1]) ? "back" : "";
}

/**
 * Looks for what makes a recording not worth going on: what was well at first, and is so no more.
 *
 * Somebody who records although no face is found, or by a slow camera, is left alone: the server has the last word.
 */
export class EarlyStop {
  constructor() {
    /** @type {Look[]} */
    this.looks = [];
    [this.hadFace, this.wasFast] = [false, false];
    this.causes = {
      face_lost: new Settled(SETTLED_S),
      too_slow: new Settled(SLOW_S),
      light_changed: new Settled(SETTLED_S),
    };
  }

  /** @param {Look} look @returns {"face_lost" | "too_slow" | "light_changed" | null} why to stop now */
  take(look) {
    const { timeS, face, rateHz } = look;
    this.hadFace ||= Boolean(face);
    this.wasFast ||= rateHz >= LIMITS.rateHz;
    const found = {
      face_lost: face === null && this.hadFace,
      too_slow: rateHz < LIMITS.rateHz && this.wasFast,
      light_changed: face !== null && this.lightJumped(look),
    };
    this.looks = [...this.looks.filter((earlier) => timeS - earlier.timeS <= LIGHT_BEFORE_S[1]), look];
    const causes = Object.keys(this.causes).filter((code) => this.causes[code].take(found[code], timeS));
    return /** @type {any} */ (causes[0] ?? null);
  }

  get lightChanged() {
    return Boolean(this.causes.light_changed.value);
  }

  lightJumped({ timeS, light }) {
    const before = this.looks.filter((earlier) => earlier.face !== null && timeS - earlier.timeS >= LIGHT_BEFORE_S[0]);
    if (!before.length) return false;
    const usual = before.reduce((sum, { light: { luma } }) => sum + luma, 0) / before.length;
    return Math.abs(light.luma / Math.max(usual, 1) - 1) > LIMITS.jump;
  }
}
