// How the oval is lit, where no face is known that could be looked at instead.

const REACH = { across: 0.21, down: 0.21 }; // of the middle of the picture, in units of its height
const STEP_PX = 4;
const CLIPPED_LEVEL = 250; // as the server has it

/** @typedef {{luma: number, halves: number, clipped: number}} Light median luma of 255; darker half by brighter; share */

/** @param {ImageData} image @returns {Light} of an ellipse in the picture's middle */
export function measureOval({ data, width, height }) {
  const unit = Math.min(height, (4 / 3) * width);
  const lumas = [];
  const halves = [[], []];
  let clipped = 0;
  for (let row = STEP_PX / 2; row < height; row += STEP_PX) {
    for (let column = STEP_PX / 2; column < width; column += STEP_PX) {
      const across = (column - width / 2) / unit;
      const down = (row - height / 2) / unit;
      if ((across / REACH.across) ** 2 + (down / REACH.down) ** 2 > 1) continue;
      const [red, green, blue] = data.subarray(4 * (row * width + column));
      const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
      lumas.push(luma);
      halves[across > 0 ? 1 : 0].push(luma);
      if (Math.max(red, green, blue) >= CLIPPED_LEVEL) clipped++;
    }
  }
  if (!lumas.length) return { luma: 0, halves: 1, clipped: 0 };
  const [dark, bright] = halves.map(mean).sort((one, other) => one - other);
  lumas.sort((one, other) => one - other);
  return { luma: lumas[lumas.length >> 1], halves: dark / Math.max(bright, 1), clipped: clipped / lumas.length };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
