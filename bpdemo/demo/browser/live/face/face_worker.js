// Finds the face's landmarks by MediaPipe's web build. A classic worker, as MediaPipe loads its WebAssembly by
// importScripts; it is told where that lies, and from then on a picture comes in and landmarks go out, one at a time.

const NOISE = /^(?:[IW]\d{4} |INFO: |Graph successfully)/; // its log, which is nobody's warning here
for (const level of ["log", "info", "warn", "error"]) {
  const tell = console[level].bind(console);
  console[level] = (...words) => NOISE.test(words[0]) || tell(...words);
}

self.onmessage = async ({ data: address, ports: [port] }) => {
  try {
    const find = await makeFinder(address);
    port.onmessage = ({ data: { picture, number, timeMs } }) => {
      const landmarks = find(picture, timeMs);
      port.postMessage({ number, landmarks }, landmarks ? [landmarks.buffer] : []);
    };
    port.postMessage({ ready: true });
  } catch (error) {
    port.postMessage({ ready: false, why: String(error) });
  }
};

/** @returns {Promise<(picture: ImageBitmap, timeMs: number) => Float32Array | null>} x and y of 478 points in pixels */
async function makeFinder(address) {
  const at = (name) => new URL(name, address).href;
  const [{ FaceLandmarker }, answer] = await Promise.all([
    import(at("vision_bundle.mjs")),
    fetch(at("face_landmarker.task")),
  ]);
  if (!answer.ok) throw new Error(await answer.text());
  const files = { wasmLoaderPath: at("vision_wasm_internal.js"), wasmBinaryPath: at("vision_wasm_internal.wasm") };
  const landmarker = await FaceLandmarker.createFromOptions(files, {
    baseOptions: { modelAssetBuffer: new Uint8Array(await answer.arrayBuffer()), delegate: "CPU" },
    runningMode: "VIDEO",
    numFaces: 1,
  });
  landmarker.detectForVideo(new ImageData(64, 64), 0); // the first one takes long
  return (picture, timeMs) => {
    const { width, height } = picture;
    const [face] = landmarker.detectForVideo(picture, timeMs + 1).faceLandmarks; // its times have to rise
    picture.close();
    return face ? Float32Array.from(face.flatMap(({ x, y }) => [x * width, y * height])) : null;
  };
}
