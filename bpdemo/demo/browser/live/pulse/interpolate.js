// Values between given times: the same numbers as SciPy's PchipInterpolator and NumPy's interp.

/** A monotone cubic through values at given times (PCHIP; Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5, 1984). */
export class Pchip {
  /**
   * @param {Float64Array} timeS rising, at least two
   * @param {Float64Array} wantedS rising; beyond the ends the last values are held
   */
  constructor(timeS, wantedS) {
    const last = timeS.length - 1;
    this.gapS = timeS.slice(1).map((time, place) => time - timeS[place]);
    this.slopes = new Float64Array(last);
    this.tangents = new Float64Array(last + 1);
    this.places = new Int32Array(wantedS.length);
    this.weights = new Float64Array(4 * wantedS.length); // of both values and both tangents
    let place = 0;
    wantedS.forEach((wanted, index) => {
      const at = Math.min(Math.max(wanted, timeS[0]), timeS[last]);
      while (place < last - 1 && at >= timeS[place + 1]) place++;
      const gap = this.gapS[place];
      const part = (at - timeS[place]) / gap;
      const [square, rest] = [part * part, 1 - part];
      const rising = square * (3 - 2 * part);
      this.places[index] = place;
      this.weights.set([1 - rising, rising, gap * part * rest * rest, -gap * square * rest], 4 * index);
    });
  }

  /**
   * Writes a wave's values at the wanted times; everything but its values is known beforehand.
   *
   * @param {Float64Array} values at the given times
   * @param {Float64Array} out
   */
  interpolate(values, out) {
    const { places, weights, tangents } = this;
    this.#findTangents(values);
    for (let index = 0; index < places.length; index++) {
      const [at, first] = [places[index], 4 * index];
      out[index] =
        weights[first] * values[at] + weights[first + 1] * values[at + 1] +
        weights[first + 2] * tangents[at] + weights[first + 3] * tangents[at + 1];
    }
  }

  #findTangents(/** @type {Float64Array} */ values) {
    const { gapS, slopes, tangents } = this;
    const last = gapS.length;
    for (let place = 0; place < last; place++) slopes[place] = (values[place + 1] - values[place]) / gapS[place];
    if (last === 1) {
      tangents.fill(slopes[0]);
      return;
    }
    for (let place = 1; place < last; place++) {
      const [before, after] = [slopes[place - 1], slopes[place]];
      const [near, far] = [2 * gapS[place] + gapS[place - 1], gapS[place] + 2 * gapS[place - 1]];
      tangents[place] = before * after > 0 ? (near + far) / (near / before + far / after) : 0;
    }
    tangents[0] = endTangent(gapS[0], gapS[1], slopes[0], slopes[1]);
    tangents[last] = endTangent(gapS[last - 1], gapS[last - 2], slopes[last - 1], slopes[last - 2]);
  }
}

/** Returns the tangent of the parabola through the last three points, limited so that nothing overshoots. */
function endTangent(gap, gapBeside, slope, slopeBeside) {
  const tangent = ((2 * gap + gapBeside) * slope - gap * slopeBeside) / (gap + gapBeside);
  if (Math.sign(tangent) !== Math.sign(slope)) return 0;
  const turns = Math.sign(slope) !== Math.sign(slopeBeside);
  return turns && Math.abs(tangent) > 3 * Math.abs(slope) ? 3 * slope : tangent;
}

/**
 * Returns values at wanted places on the straight lines between given ones; beyond the ends the last values are held.
 *
 * @param {ArrayLike<number>} places rising, at least one
 * @param {ArrayLike<number>} values
 * @param {Float64Array} wanted rising
 * @returns {Float64Array}
 */
export function onLines(places, values, wanted) {
  const last = places.length - 1;
  let after = 0;
  return wanted.map((place) => {
    while (after < last && places[after] < place) after++;
    if (!after || place >= places[after]) return values[after];
    const part = (place - places[after - 1]) / (places[after] - places[after - 1]);
    return values[after - 1] + part * (values[after] - values[after - 1]);
  });
}
