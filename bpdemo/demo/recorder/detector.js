// Runs in a worker: finds faces with the detector that the server reads clips with (BlazeFace, short range), taken as
// it is from MediaPipe's bundle. The model is a TensorFlow Lite file of 225 KB with nine kinds of operators; running
// them in plain JavaScript takes some hundredths of a second a picture and spares every visitor 9 MB of WebAssembly.

const SIDE = 128; // of the model's input
const MIN_SCORE = 0.5; // as the server's landmarker has it
const SAME_FACE = 0.3; // overlap, intersection over union, above which two boxes are one face
const CELLS = [[16, 2], [8, 6]]; // the model's grids: cells a side, boxes a cell

/** Reads the tables of a FlatBuffer. A table's fields are numbered as in TensorFlow Lite's schema. */
class Table {
  constructor(view, at) {
    this.view = view;
    this.at = at;
  }

  static root(view) {
    return new Table(view, view.getUint32(0, true));
  }

  place(field) {
    const index = this.at - this.view.getInt32(this.at, true);
    const entry = 4 + 2 * field;
    const offset = entry < this.view.getUint16(index, true) ? this.view.getUint16(index + entry, true) : 0;
    return offset && this.at + offset;
  }

  byte(field) {
    const place = this.place(field);
    return place && this.view.getInt8(place);
  }

  int(field) {
    const place = this.place(field);
    return place && this.view.getInt32(place, true);
  }

  table(field) {
    const place = this.place(field);
    return place ? new Table(this.view, place + this.view.getUint32(place, true)) : null;
  }

  vector(field) {
    const place = this.place(field);
    if (!place) return { start: 0, length: 0 };
    const vector = place + this.view.getUint32(place, true);
    return { start: vector + 4, length: this.view.getUint32(vector, true) };
  }

  ints(field) {
    const { start, length } = this.vector(field);
    return Array.from({ length }, (_, index) => this.view.getInt32(start + 4 * index, true));
  }

  tables(field) {
    const { start, length } = this.vector(field);
    return Array.from({ length }, (_, index) => {
      const place = start + 4 * index;
      return new Table(this.view, place + this.view.getUint32(place, true));
    });
  }
}

/** Returns the numbers of a tensor stored in the file: 32-bit floats, 16-bit floats or 32-bit integers. */
function storedNumbers(view, { start, length }, type) {
  const [bytes, read] = {
    0: [4, (at) => view.getFloat32(at, true)],
    1: [2, (at) => half(view.getUint16(at, true))],
    2: [4, (at) => view.getInt32(at, true)],
  }[type];
  return Float32Array.from({ length: length / bytes }, (_, index) => read(start + bytes * index));
}

function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14;
  return bits & 0x8000 ? -size : size;
}

/** Returns how many cells "same" padding puts before the first one; "valid" (1) puts none. */
function paddingBefore(padding, size, filter, stride, outputs) {
  return padding === 1 ? 0 : Math.max((outputs - 1) * stride + filter - size, 0) >> 1;
}

function convolve([x, weight, bias], y, options) {
  const [, height, width, depth] = x.shape;
  const [filters, tall, wide] = weight.shape;
  const [, outHeight, outWidth] = y.shape;
  const [padding, strideX, strideY] = [options.byte(0), options.int(1), options.int(2)];
  const left = paddingBefore(padding, width, wide, strideX, outWidth);
  const top = paddingBefore(padding, height, tall, strideY, outHeight);
  const [from, kernel, to] = [x.numbers, weight.numbers, y.numbers];
  for (let row = 0, out = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      for (let filter = 0; filter < filters; filter++) {
        let sum = bias.numbers[filter];
        for (let down = 0; down < tall; down++) {
          const fromRow = row * strideY - top + down;
          if (fromRow < 0 || fromRow >= height) continue;
          for (let across = 0; across < wide; across++) {
            const fromColumn = column * strideX - left + across;
            if (fromColumn < 0 || fromColumn >= width) continue;
            let at = (fromRow * width + fromColumn) * depth;
            let by = ((filter * tall + down) * wide + across) * depth;
            for (const end = at + depth; at < end; at++, by++) sum += from[at] * kernel[by];
          }
        }
        to[out++] = sum;
      }
    }
  }
}

function convolveDepthwise([x, weight, bias], y, options) {
  const [, height, width, depth] = x.shape;
  const [, tall, wide] = weight.shape;
  const [, outHeight, outWidth] = y.shape;
  const [padding, strideX, strideY] = [options.byte(0), options.int(1), options.int(2)];
  const left = paddingBefore(padding, width, wide, strideX, outWidth);
  const top = paddingBefore(padding, height, tall, strideY, outHeight);
  const [from, kernel, to] = [x.numbers, weight.numbers, y.numbers];
  for (let row = 0, out = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++, out += depth) {
      to.set(bias.numbers, out);
      for (let down = 0; down < tall; down++) {
        const fromRow = row * strideY - top + down;
        if (fromRow < 0 || fromRow >= height) continue;
        for (let across = 0; across < wide; across++) {
          const fromColumn = column * strideX - left + across;
          if (fromColumn < 0 || fromColumn >= width) continue;
          const at = (fromRow * width + fromColumn) * depth;
          const by = (down * wide + across) * depth;
          for (let part = 0; part < depth; part++) to[out + part] += from[at + part] * kernel[by + part];
        }
      }
    }
  }
}

function takeLargest([x], y, options) {
  const [, , width, depth] = x.shape;
  const [, outHeight, outWidth] = y.shape;
  const [strideX, strideY, wide, tall] = [1, 2, 3, 4].map((field) => options.int(field));
  y.numbers.fill(-Infinity);
  for (let row = 0, out = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++, out += depth) {
      for (let down = 0; down < tall; down++) {
        for (let across = 0; across < wide; across++) {
          const at = ((row * strideY + down) * width + column * strideX + across) * depth;
          for (let channel = 0; channel < depth; channel++) {
            if (x.numbers[at + channel] > y.numbers[out + channel]) y.numbers[out + channel] = x.numbers[at + channel];
          }
        }
      }
    }
  }
}

/** Adds channels of zeros; the model pads nothing else. */
function padChannels([x], y) {
  const [from, to] = [x.shape.at(-1), y.shape.at(-1)];
  for (let at = 0, out = 0; at < x.numbers.length; at += from, out += to) {
    y.numbers.set(x.numbers.subarray(at, at + from), out);
  }
}

function add([a, b], y) {
  for (let index = 0; index < y.numbers.length; index++) y.numbers[index] = a.numbers[index] + b.numbers[index];
}

function rectify([x], y) {
  for (let index = 0; index < y.numbers.length; index++) y.numbers[index] = Math.max(x.numbers[index], 0);
}

function copy([x], y) {
  y.numbers.set(x.numbers);
}

function join(parts, y) {
  let at = 0;
  for (const part of parts) {
    y.numbers.set(part.numbers, at);
    at += part.numbers.length;
  }
}

// By their numbers in TensorFlow Lite's schema.
const OPERATORS = {
  0: add, 2: join, 3: convolve, 4: convolveDepthwise, 6: copy, 17: takeLargest, 19: rectify, 22: copy, 34: padChannels,
};

/** Reads a model; returns `run(input)`, which gives the numbers of every output tensor by its name. */
function loadModel(buffer) {
  const view = new DataView(buffer);
  const model = Table.root(view);
  const codes = model.tables(1).map((code) => Math.max(code.byte(0), code.int(3)));
  const buffers = model.tables(4);
  const graph = model.tables(2)[0];
  const tensors = graph.tables(0).map((tensor) => {
    const [shape, stored, name] = [tensor.ints(0), buffers[tensor.int(2)].vector(0), tensor.vector(3)];
    const size = shape.reduce((product, side) => product * side, 1);
    const numbers = stored.length ? storedNumbers(view, stored, tensor.byte(1)) : new Float32Array(size);
    return { shape, numbers, name: String.fromCharCode(...new Uint8Array(buffer, name.start, name.length)) };
  });
  const steps = graph.tables(3).map((operator) => {
    const code = codes[operator.int(0)];
    const [inputs, [output]] = [1, 2].map((field) => operator.ints(field).map((number) => tensors[number]));
    const perform = OPERATORS[code];
    if (!perform) throw new Error(`operator ${code} of the face detector is not known here`);
    return { code, run: () => perform(inputs, output, operator.table(4)) };
  });
  const weights = steps.filter((step) => step.code === 6); // half floats made whole: once is enough
  weights.forEach((step) => step.run());
  const layers = steps.filter((step) => step.code !== 6);
  const [input] = graph.ints(1).map((number) => tensors[number]);
  const outputs = graph.ints(2).map((number) => tensors[number]);
  return (numbers) => {
    input.numbers.set(numbers);
    layers.forEach((step) => step.run());
    return Object.fromEntries(outputs.map((tensor) => [tensor.name, tensor.numbers]));
  };
}

/** Returns the boxes that score high enough, best first; lengths are in shares of the input's side. */
function decode({ classificators, regressors }) {
  const boxes = [];
  let number = 0;
  for (const [side, perCell] of CELLS) {
    for (let cell = 0; cell < side * side; cell++) {
      for (let box = 0; box < perCell; box++, number++) {
        const score = 1 / (1 + Math.exp(-classificators[number]));
        if (score < MIN_SCORE) continue;
        const [x, y] = [((cell % side) + 0.5) / side, (Math.floor(cell / side) + 0.5) / side];
        const raw = Array.from(regressors.subarray(16 * number, 16 * number + 16), (value) => value / SIDE);
        const points = Array.from({ length: 6 }, (_, at) => [x + raw[4 + 2 * at], y + raw[5 + 2 * at]]);
        boxes.push({ score, x: x + raw[0], y: y + raw[1], width: raw[2], height: raw[3], points });
      }
    }
  }
  return boxes.sort((a, b) => b.score - a.score);
}

function overlap(a, b) {
  const across = Math.min(a.x + a.width / 2, b.x + b.width / 2) - Math.max(a.x - a.width / 2, b.x - b.width / 2);
  const down = Math.min(a.y + a.height / 2, b.y + b.height / 2) - Math.max(a.y - a.height / 2, b.y - b.height / 2);
  const shared = Math.max(across, 0) * Math.max(down, 0);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** Boxes of one face become their mean, weighted by score: it trembles less than the best of them. */
function merge(boxes) {
  const faces = [];
  for (let left = boxes; left.length; ) {
    const same = left.filter((box) => box === left[0] || overlap(box, left[0]) > SAME_FACE);
    const total = same.reduce((sum, box) => sum + box.score, 0);
    const mean = (read) => same.reduce((sum, box) => sum + box.score * read(box), 0) / total;
    const face = {};
    for (const name of ["x", "y", "width", "height"]) face[name] = mean((box) => box[name]);
    face.points = left[0].points.map((_, at) => [0, 1].map((axis) => mean((box) => box.points[at][axis])));
    faces.push(face);
    left = left.filter((box) => !same.includes(box));
  }
  return faces;
}

/**
 * Returns `find(pixels)` for the bytes of a model.
 *
 * `pixels` are R, G, B, A of 128 x 128 pixels with the picture in its middle; `find` gives faces, best first, with `x`,
 * `y` of the middle, `width`, `height` and `points` (right eye, left eye, nose, mouth, right ear, left ear; the
 * person's), all in shares of 128 pixels.
 */
function makeFinder(buffer) {
  const run = loadModel(buffer);
  const input = new Float32Array(SIDE * SIDE * 3);
  return (pixels) => {
    for (let at = 0, out = 0; at < pixels.length; at += 4) {
      for (let channel = 0; channel < 3; channel++) input[out++] = pixels[at + channel] / 127.5 - 1;
    }
    return merge(decode(run(input)));
  };
}

let findFaces = null;
self.onmessage = ({ data }) => {
  if (data.model) findFaces = makeFinder(data.model);
  else self.postMessage({ number: data.number, faces: findFaces(data.pixels) });
};
