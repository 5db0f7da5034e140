// The camera: asking for it, saying which there are, holding it steady. Knows nothing of the page.

import { pickClipType } from "./clip.js";

/**
 * @typedef {{deviceId?: string, facing?: "user" | "environment", stream?: MediaStream}} Wish which camera; the front one
 *   unless said otherwise, or one that is open already
 */
/** @typedef {{deviceId: string, label: string, isVirtual: boolean}} Device */

const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
// Programs that hand on a picture of their own making. Browsers tell a device by its name only.
const VIRTUAL = /virtual|\bobs\b|manycam|snap camera|xsplit|splitcam|youcam|vcam|mmhmm|\bndi\b|nvidia broadcast/i;

// What a browser calls it when a camera cannot be had, and what the recorder calls it.
const PROBLEMS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "no_camera",
  OverconstrainedError: "no_camera",
  NotReadableError: "busy",
  AbortError: "busy",
};

// What can be held, with the names of its mode and of its value in the browser's words.
const HOLDS = [
  ["exposure", "exposureMode", "exposureTime"],
  ["white_balance", "whiteBalanceMode", "colorTemperature"],
  ["focus", "focusMode", "focusDistance"],
];

/** An error with the recorder's own code for it. */
export class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @returns {"insecure" | "too_old" | null} what keeps this browser from recording here */
export function browserProblem() {
  if (!navigator.mediaDevices?.getUserMedia) return globalThis.isSecureContext ? "too_old" : "insecure";
  return pickClipType() ? null : "too_old";
}

/** @param {Wish} wish @returns {Promise<MediaStream>} rejected with a `Problem` */
export async function openCamera({ deviceId, facing = "user" }) {
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: facing } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...VIDEO, ...which }, audio: false });
  } catch (error) {
    throw new Problem(PROBLEMS[error.name] ?? "no_start");
  }
}

/** @returns {Promise<Device[]>} the cameras there are; browsers name them to pages that may use one */
export async function listCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const cameras = devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
  return cameras.map(({ deviceId, label }) => ({ deviceId, label, isVirtual: isVirtual(label) }));
}

/** @param {string} label of a device @returns {boolean} whether a program makes its picture, as far as its name tells */
export const isVirtual = (label) => VIRTUAL.test(label);

/**
 * Holds exposure, white balance and focus at what they are now, as far as the camera lets a page.
 *
 * @param {MediaStreamTrack} track
 * @returns {Promise<{held: string[], free: () => Promise<void>}>} names of what is held; `free` gives the camera back
 * its automatic ways
 */
export async function holdCamera(track) {
  const [can, now] = [track.getCapabilities?.() ?? {}, track.getSettings()];
  const [held, before] = [[], {}];
  let wish = {};
  for (const [name, mode, value] of HOLDS) {
    if (!can[mode]?.includes?.("manual")) continue;
    // Without its value a camera may go back to the one it was last set to by hand.
    const more = { ...wish, [mode]: "manual", ...(value in now && { [value]: now[value] }) };
    try {
      await track.applyConstraints({ advanced: [more] });
    } catch {
      continue;
    }
    if (track.getSettings()[mode] !== "manual") continue;
    wish = more;
    before[mode] = now[mode] ?? "continuous";
    held.push(name);
  }
  const free = async () => {
    if (!held.length || track.readyState !== "live") return;
    held.length = 0;
    await track.applyConstraints({ advanced: [before] }).catch(() => {});
  };
  return { held, free };
}
