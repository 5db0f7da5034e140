// A canvas that is as sharp as its screen, follows its size and the page's light or dark, and has a layer that moves.

const SMALL_PX = 11;

/**
 * @typedef {object} Sheet what a picture is drawn on
 * @property {CanvasRenderingContext2D} context in CSS pixels
 * @property {number} width
 * @property {number} height
 * @property {string} ink colour of letters
 * @property {string} quiet colour of axes and of what stands behind
 * @property {string} accent
 * @property {string} ground colour behind the picture
 */

/** Draws a canvas: `base` when its size or the theme changes, `over` on top of that whenever something moves. */
export class Picture {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{base: (sheet: Sheet) => void, over?: (sheet: Sheet) => void}} draw
   */
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.draw = draw;
    this.still = document.createElement("canvas");
    this.asked = 0;
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(canvas);
    this.theme = new MutationObserver(() => this.redraw());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  /** Draws everything anew at once. */
  redraw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return; // out of sight: its size will change when it is shown
    const scale = window.devicePixelRatio || 1;
    for (const layer of [this.canvas, this.still]) {
      layer.width = Math.round(width * scale);
      layer.height = Math.round(height * scale);
    }
    this.draw.base(this.sheet(this.still));
    this.paint();
  }

  /** Has the moving layer drawn with the next frame of the screen. */
  moved() {
    this.asked ||= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.asked);
    this.asked = 0;
    if (!this.still.width || !this.canvas.isConnected) return;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.still, 0, 0);
    this.draw.over?.(this.sheet(this.canvas));
  }

  /** @returns {Sheet} */
  sheet(layer) {
    const context = /** @type {CanvasRenderingContext2D} */ (layer.getContext("2d"));
    const scale = window.devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(this.canvas);
    context.font = `${SMALL_PX}px ${style.fontFamily}`;
    return {
      context,
      width: layer.width / scale,
      height: layer.height / scale,
      ink: style.color,
      quiet: style.getPropertyValue("--bp-quiet"),
      accent: style.getPropertyValue("--bp-accent"),
      ground: style.getPropertyValue("--bp-ground"),
    };
  }

  /** Stops following the page. */
  end() {
    this.sizes.disconnect();
    this.theme.disconnect();
    cancelAnimationFrame(this.asked);
  }
}

/**
 * Calls `to` with the place of a pointer in a canvas, CSS pixels, while it is pressed or - when `hover` - over it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{drag?: (x: number, y: number) => void, hover?: (x: number, y: number) => void, leave?: () => void}} to
 */
export function followPointer(canvas, { drag, hover, leave }) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return /** @type {const} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!drag || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    drag(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) drag?.(...place(event));
    hover?.(...place(event));
  });
  canvas.addEventListener("pointerleave", () => leave?.());
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most how many ticks there is room for
 * @returns {number[]} round numbers from `low` to `high`
 */
export function ticks(low, high, most) {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? rough;
  const found = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + 1e-9 * step; tick += step) {
    found.push(Math.round(tick / step) * step);
  }
  return found;
}

/** Draws ticks with their numbers below a picture, and what they count at the last one. */
export function drawAxis({ context, quiet }, { at, y, low, high, most, unit, digits = 0 }) {
  context.fillStyle = context.strokeStyle = quiet;
  context.lineWidth = 1;
  context.textAlign = "center";
  context.textBaseline = "top";
  const all = ticks(low, high, most);
  for (const tick of all) {
    context.beginPath();
    context.moveTo(at(tick), y);
    context.lineTo(at(tick), y + 3);
    context.stroke();
    const last = tick === all[all.length - 1];
    context.textAlign = last && unit ? "right" : "center";
    context.fillText(tick.toFixed(digits) + (last && unit ? ` ${unit}` : ""), at(tick) + (last && unit ? 6 : 0), y + 4);
  }
}

/** Draws a line through points [x, y]; NaN breaks it, and a single point is seen, too. */
export function drawLine({ context }, points, colour, width = 1) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  let down = false;
  for (const [x, y] of points) {
    const there = Number.isFinite(y);
    if (there && !down) context.moveTo(x - 0.5, y);
    if (there) context.lineTo(x, y);
    down = there;
  }
  context.stroke();
}

/** Draws a point. */
export function drawDot({ context }, x, y, colour, radius = 2.6) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** Draws the cursor: a thin line from `top` to `bottom`, seen on dark and on light. */
export function drawCursor({ context }, x, top, bottom) {
  for (const [colour, width] of /** @type {const} */ ([["#0008", 3], ["#fff", 1.25]])) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, bottom);
    context.stroke();
  }
}
