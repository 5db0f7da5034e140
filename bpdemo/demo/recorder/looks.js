// Looks at the camera's picture a few times a second. The pictures stay in this browser.

const LOOK_SIDE = 128; // of the detector's input; enough to measure light on, too
const LOOK_PAUSE_MS = { preview: 200, recording: 600 }; // while recording, the encoder comes first
const DETECTOR_MS = 20_000; // a detector that takes longer than this is done without

/** Finds faces in a worker, so that neither picture nor buttons ever wait for it. */
class Detector {
  constructor(script, model) {
    this.worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    this.worker.postMessage({ model }, [model]);
    this.asked = 0;
  }

  /** Returns a promise of the faces in a square of pixels; of undefined once the worker fails or takes too long. */
  async find(pixels) {
    const number = ++this.asked;
    try {
      return await new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error("too slow")), DETECTOR_MS);
        this.worker.onmessage = ({ data }) => data.number === number && resolve(data.faces);
        this.worker.onerror = (event) => {
          event.preventDefault(); // not an error of the page: it does without
          reject(new Error(event.message));
        };
        this.worker.postMessage({ number, pixels });
      });
    } catch {
      this.worker?.terminate();
      this.worker = null; // from now on it fails at once
      return undefined;
    }
  }
}

/** Returns a detector from what the server gives; null when this browser cannot run it: then light alone is checked. */
async function loadDetector(fetchDetector) {
  try {
    const { script, model } = await fetchDetector();
    return new Detector(script, Uint8Array.from(atob(model), (letter) => letter.charCodeAt(0)).buffer);
  } catch {
    return null;
  }
}

/** Calls `onLook` with every look at a video from `start` to `stop`. */
class Watcher {
  constructor(video, detector, onLook) {
    [this.video, this.detector, this.onLook] = [video, detector, onLook];
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = LOOK_SIDE;
    this.canvas = canvas.getContext("2d", { willReadFrequently: true });
    this.looks = [];
    this.pauseMs = LOOK_PAUSE_MS.preview;
    this.watching = false;
  }

  start() {
    this.watching = true;
    this.watch();
  }

  stop() {
    this.watching = false;
  }

  async watch() {
    while (this.watching) {
      const look = this.video.videoWidth && !document.hidden ? await this.look() : null;
      if (look && this.watching) this.onLook(look);
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
  }

  /** Returns a promise of what the picture shows now: `face` and `light` (see checks.js), and the `sway` until now. */
  async look() {
    const { videoWidth, videoHeight } = this.video;
    const place = placePicture(videoWidth, videoHeight, LOOK_SIDE);
    this.canvas.clearRect(0, 0, LOOK_SIDE, LOOK_SIDE);
    this.canvas.drawImage(this.video, place.left, place.top, place.width, place.height);
    const { data } = this.canvas.getImageData(0, 0, LOOK_SIDE, LOOK_SIDE);
    const timeS = performance.now() / 1000;
    const faces = await this.detector?.find(data);
    const face = faces && (faces.length ? placeFace(faces[0], place) : null);
    const look = { timeS, face, light: measureLight(data, place, face) };
    const recent = this.looks.filter((earlier) => timeS - earlier.timeS <= STILL_S);
    this.looks = [...(recent.length < MIN_LOOKS ? this.looks.slice(1 - MIN_LOOKS) : recent), look];
    look.sway = measureSway(this.looks);
    return look;
  }
}
