// What the recorder says. Text, never markup.

export const CARDS = {
  idle: {
    title: "Film your face for {seconds} seconds",
    note: "Sit facing a window or a lamp, as near as for a video call. The picture tells you what to change; recording starts when all is well, and ends by itself.",
  },
  watch: {
    title: "See your pulse live",
    note: "Sit facing a window or a lamp, as near as for a video call. Nothing is recorded, and nothing leaves this browser.",
  },
  cancelled: { title: "Cancelled", note: "Nothing was sent, and the camera is off. Start again whenever you like." },
  slept: {
    title: "The camera is off",
    note: "This page was out of sight for a while. Start the camera again when you are ready.",
  },
  asking: {
    title: "May this page use the camera?",
    note: "Your browser is asking: choose Allow. Only the picture is used, no sound.",
  },
  uploading: { title: "Sending the recording", note: "{size} MB. The camera is off again." },
  sent: { title: "Recording sent", note: "It is being read now; the result appears on this page." },
  read: { title: "Done", note: "The recording has been deleted. Record another one whenever you like." },
};

export const PROBLEMS = {
  denied: {
    title: "The camera is not allowed here",
    note: "Allow it for this page - behind the icon at the left of the address, or in the browser's settings - and try again. Or upload a clip.",
  },
  no_camera: {
    title: "No camera was found",
    note: "Connect one, or switch it on, and try again. Or film with your phone and upload the clip.",
  },
  busy: {
    title: "The camera does not answer",
    note: "Another program or tab may be using it: close that and try again. Or upload a clip.",
  },
  no_start: {
    title: "The camera could not be started",
    note: "Reload the page and try again. If that does not help, upload a clip.",
  },
  insecure: {
    title: "Browsers show a camera to secure pages only",
    note: "Open this page at an address that begins with https:// or at localhost. Or upload a clip: that works here, too.",
  },
  too_old: {
    title: "This browser cannot record",
    note: "Use a current Chrome, Edge, Firefox or Safari. Or film with your phone's own camera and upload the clip.",
  },
  lost: {
    title: "The camera went away",
    note: "Nothing was sent. Check its cable and that no other program took it, and try again. Or upload a clip.",
  },
  no_record: {
    title: "The browser could not record",
    note: "Nothing was sent. Try again, or in another browser. Or upload a clip.",
  },
  upload_failed: {
    title: "The recording could not be sent",
    note: "It is still here: check the connection and send it again. Or record another one.",
  },
};

export const INSTRUCTIONS = {
  wait: "One moment",
  no_face: "Put your face in the oval",
  dark_no_face: "Too dark: turn on a light",
  closer: "Come closer",
  back: "Move back a little",
  move_left: "Move a little to your left",
  move_right: "Move a little to your right",
  move_up: "Sit higher, or lower the camera",
  move_down: "Sit lower, or raise the camera",
  dark: "More light: face a window or lamp",
  uneven: "Light from one side: turn to it",
  glaring: "Too bright: leave the direct light",
  moving: "Hold still",
  slow: "Slow camera: more light, or close other programs",
  ready: "Good. Hold still",
  ready_unchecked: "Fill the oval, then press Record",
  steady: "Good. Hold still: it starts by itself",
  hold: "Hold still, breathe as usual",
  left: "Back into the oval, please",
};

// Why a recording was ended; nothing of it is kept.
export const STOPPED = {
  face_lost: "Stopped: your face was out of sight.",
  light_changed: "Stopped: the light changed.",
  too_slow: "Stopped: the camera became too slow.",
  hidden: "Stopped: this page was out of sight.",
};

export const ANNOUNCEMENTS = {
  recording: "Recording, {seconds} seconds.",
  left: "{seconds} seconds left.",
};

export const CHECK_NAMES = {
  face: "Face",
  light: "Light",
  even: "Even",
  bright: "Not glaring",
  still: "Still",
  rate: "Frame rate",
};
export const VERDICTS = { true: "good", false: "not yet", null: "not known" };

export const FACTS = {
  camera: "{width} x {height}, {rate} frames a second.",
  small: "That is less than the 640 x 480 asked for.",
  virtual: "This is a virtual camera: a program makes its picture, and may hide or change the pulse.",
  held: "Held fixed while recording: {names}.",
  not_held: "This camera sets its exposure and colour by itself: keep the light as it is.",
  let_go: "Holding the exposure changed the picture, so it stays automatic: keep the light as it is.",
  no_face_finder: "This browser cannot look for faces, so only light and frame rate are checked.",
};
export const HELD = { exposure: "exposure", white_balance: "white balance", focus: "focus" };

export const RECORD = "Record {seconds} seconds";
export const VIRTUAL = "{label} (virtual)";
export const CAMERA = "Camera {number}";

/** @param {string} text with names in braces @param {Record<string, unknown>} parts @returns {string} */
export const fill = (text, parts) => text.replace(/\{(\w+)\}/g, (whole, name) => String(parts[name] ?? whole));
