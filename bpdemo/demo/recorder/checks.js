// What a look at the camera's picture tells: where the face is, how it is lit, whether it is still - and which one
// thing to say about it. Nothing in here touches the page. Lengths are in units of the picture's height (of a tall
// picture: four thirds of its width), with 0, 0 in the picture's middle; a face's width is that between the ears.

const LIMITS = {
  width: [0.25, 0.55], // of the face
  apart: [0.12, 0.14], // face and oval, across and down
  luma: 55, // of 255: median of the face
  halves: 0.67, // the darker half of the face, of the brighter one
  clipped: 0.15, // share of the face's pixels
  sway: 0.05, // face widths
  light: 0.15, // change of the face's luma while recording
};
const OVAL = { width: 0.52, height: 0.7 };
const CLIPPED_LEVEL = 250; // as the server has it
const BOX_WIDTH = 1.12; // of the detector's box, in face widths
const STILL_S = 2; // for so long, and so many looks, a face has to be where it is
const MIN_LOOKS = 4;

/** Returns where a picture lies in a square of `side` pixels, and its unit of length in pixels. */
function placePicture(width, height, side) {
  const scale = side / Math.max(width, height);
  const place = { width: Math.round(width * scale), height: Math.round(height * scale) };
  place.left = (side - place.width) >> 1;
  place.top = (side - place.height) >> 1;
  place.unit = Math.min(place.height, (place.width * 4) / 3);
  place.side = side;
  return place;
}

/** Returns a face of the detector in this file's units; `points` too. */
function placeFace(face, place) {
  const across = (x) => (x * place.side - place.left - place.width / 2) / place.unit;
  const down = (y) => (y * place.side - place.top - place.height / 2) / place.unit;
  return {
    x: across(face.x),
    y: down(face.y),
    width: (face.width * place.side) / place.unit / BOX_WIDTH,
    points: face.points.map(([x, y]) => [across(x), down(y)]),
  };
}

/** Returns how the face - without one, the oval - is lit: median luma, darker half by brighter, clipped share. */
function measureLight(pixels, place, face) {
  const [x, y] = face ? [face.x, face.y] : [0, 0];
  const reach = face ? [0.42 * face.width, 0.5 * face.width] : [0.4 * OVAL.width, 0.4 * OVAL.height];
  // The line from between the eyes to the mouth parts the halves; the person's right one is at the picture's left.
  const [right, left, , mouth] = face?.points ?? [[0, -1], [0, -1], null, [0, 1]];
  const eyes = [(right[0] + left[0]) / 2, (right[1] + left[1]) / 2];
  const lumas = [];
  const halves = [{ sum: 0, count: 0 }, { sum: 0, count: 0 }];
  let clipped = 0;
  for (let row = 0; row < place.height; row++) {
    const down = (row + 0.5 - place.height / 2) / place.unit;
    if (Math.abs(down - y) > reach[1]) continue;
    for (let column = 0; column < place.width; column++) {
      const across = (column + 0.5 - place.width / 2) / place.unit;
      if (((across - x) / reach[0]) ** 2 + ((down - y) / reach[1]) ** 2 > 1) continue;
      const at = 4 * ((place.top + row) * place.side + place.left + column);
      const [red, green, blue] = [pixels[at], pixels[at + 1], pixels[at + 2]];
      const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
      const turn = (mouth[0] - eyes[0]) * (down - eyes[1]) - (mouth[1] - eyes[1]) * (across - eyes[0]);
      const half = halves[turn > 0 ? 0 : 1];
      half.sum += luma;
      half.count += 1;
      lumas.push(luma);
      clipped += Math.max(red, green, blue) >= CLIPPED_LEVEL;
    }
  }
  if (!lumas.length) return { luma: 0, halves: 1, clipped: 0 };
  const means = halves.map(({ sum, count }) => (count ? sum / count : 0));
  return {
    luma: median(lumas),
    halves: Math.min(...means) / Math.max(...means, 1),
    clipped: clipped / lumas.length,
  };
}

/** Returns how far the face was from its mean place over some looks, in face widths; 0 while there are too few. */
function measureSway(looks) {
  const faces = looks.filter((look) => look.face).map((look) => look.face);
  if (faces.length < MIN_LOOKS) return 0;
  const mean = (axis) => faces.reduce((sum, face) => sum + face[axis], 0) / faces.length;
  const [x, y] = [mean("x"), mean("y")];
  return Math.max(...faces.map((face) => Math.hypot(face.x - x, face.y - y) / face.width));
}

/**
 * Returns the checks a look passes and the one instruction to give.
 *
 * `look` has `face` (null where none was found, undefined where no detector runs), `light` and `sway`. Instructions
 * are in order of importance; the person's own left and right are meant.
 */
function judge({ face, light, sway }) {
  const framing = face === null ? "no_face" : face ? framingOf(face) : null;
  const passed = {
    face: !framing,
    light: light.luma >= LIMITS.luma,
    even: light.halves >= LIMITS.halves,
    bright: light.clipped <= LIMITS.clipped,
    still: sway <= LIMITS.sway,
  };
  const failed = {
    dark_no_face: framing === "no_face" && !passed.light,
    [framing]: framing,
    dark: !passed.light,
    uneven: !passed.even,
    bright: !passed.bright,
    moving: !passed.still,
  };
  const instruction = Object.keys(failed).find((code) => failed[code]) ?? "ready";
  if (face === null) passed.even = passed.bright = passed.still = null; // nothing to be said without a face
  return { passed, instruction };
}

function framingOf({ x, y, width }) {
  if (width < LIMITS.width[0]) return "closer";
  if (x > LIMITS.apart[0]) return "move_right";
  if (x < -LIMITS.apart[0]) return "move_left";
  if (y > LIMITS.apart[1]) return "move_up";
  if (y < -LIMITS.apart[1]) return "move_down";
  return width > LIMITS.width[1] ? "back" : null;
}

/** Returns what to say of a look while recording, set beside the light at its start. */
function judgeRecording({ face, light, sway }, lumaAtStart) {
  if (face === null || (face && framingOf(face))) return "left";
  if (Math.abs(light.luma / Math.max(lumaAtStart, 1) - 1) > LIMITS.light) return "light_changed";
  return sway > LIMITS.sway ? "moving" : "hold";
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
