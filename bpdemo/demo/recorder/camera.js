// The camera: asking for it, saying what it gave, holding it steady, letting it go.

const CAMERA = {
  video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: { ideal: "user" } },
  audio: false,
};

// What a browser calls it when a camera cannot be had, and what the recorder calls it.
const CAMERA_PROBLEMS = {
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
class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Returns what keeps this browser from recording here, or null. */
function browserProblem() {
  if (!navigator.mediaDevices?.getUserMedia) return globalThis.isSecureContext ? "too_old" : "insecure";
  return pickClipType() ? null : "too_old";
}

/** Returns the camera's stream; rejects with a `Problem`. */
async function openCamera() {
  try {
    return await navigator.mediaDevices.getUserMedia(CAMERA);
  } catch (error) {
    throw new Problem(CAMERA_PROBLEMS[error.name] ?? "no_start");
  }
}

/**
 * Holds exposure, white balance and focus at what they are now, as far as the camera lets a page.
 *
 * Returns `held`, the names of what is held, and `free()`, which gives the camera back its automatic ways.
 */
async function holdCamera(track) {
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
