// The signal worker's side of the face worker: one picture at a time, and no more often than landmarks are needed.

const EVERY_MS = 100; // in between, landmarks are carried along with the head
const EVERY_MS_RECORDING = 160; // the encoder comes first

export class FaceFinder {
  /**
   * @param {MessagePort} port to the face worker
   * @param {(found: {number: number, landmarks: Float32Array | null}) => void} onFound
   * @param {(isReady: boolean) => void} onReady called once: whether this browser can look for faces
   */
  constructor(port, onFound, onReady) {
    this.port = port;
    this.isReady = this.isBusy = this.isRecording = false;
    this.askedMs = -Infinity;
    port.onmessage = ({ data }) => {
      if ("ready" in data) {
        this.isReady = data.ready;
        if (!data.ready) console.info(`Faces are not looked for here: ${data.why}`);
        onReady(data.ready);
      } else {
        this.isBusy = false;
        onFound(data);
      }
    };
  }

  /**
   * Takes a picture to look at, if it is time for one; without that the picture is let go.
   *
   * @param {ImageBitmap} picture
   * @param {number} number of its frame
   * @param {number} timeMs rising from frame to frame
   * @returns {boolean} whether it was taken
   */
  offer(picture, number, timeMs) {
    const isDue = timeMs - this.askedMs >= (this.isRecording ? EVERY_MS_RECORDING : EVERY_MS);
    if (!this.isReady || this.isBusy || !isDue) {
      picture.close();
      return false;
    }
    this.isBusy = true;
    this.askedMs = timeMs;
    this.port.postMessage({ picture, number, timeMs }, [picture]);
    return true;
  }
}
