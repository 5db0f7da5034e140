// A camera of our own for the page: it films an example, and its picture can be changed while it runs. Runs before the
// page's own scripts; `self.camera` then changes what is filmed.

self.camera = {
  face: "face_72_bpm.mp4",
  fps: 30,
  light: 1,
  isHidden: false,
  hide: () => (self.camera.isHidden = true),
  darken: () => (self.camera.light = 0.6),
  slow: () => (self.camera.fps = 6),
  restore: () => Object.assign(self.camera, { fps: 30, light: 1, isHidden: false }),
};

navigator.mediaDevices.getUserMedia = async () => {
  const clip = document.createElement("video");
  Object.assign(clip, { src: new URL(`examples/${self.camera.face}`, document.baseURI), muted: true, loop: true });
  await clip.play();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [clip.videoWidth, clip.videoHeight];
  const context = canvas.getContext("2d");
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  const film = () => {
    if (track.readyState === "ended") return;
    setTimeout(film, 1000 / self.camera.fps);
    context.fillStyle = "#777";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (!self.camera.isHidden) context.drawImage(clip, 0, 0);
    context.fillStyle = `rgb(0 0 0 / ${1 - self.camera.light})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    track.requestFrame();
  };
  film();
  return stream;
};
