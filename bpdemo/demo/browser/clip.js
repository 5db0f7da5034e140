// The clip itself, played from the browser's own copy; where it cannot be played, a few of its pictures. Both follow the
// cursor, and while it plays it moves it.

const CLOSE_S = 0.04; // less is the same frame
const FAR_S = 0.3; // more, while the clip plays, and somebody has moved the cursor
const BEYOND_S = 1e6;

/**
 * @param {HTMLElement} place
 * @param {import("./result.js").Result} result
 * @param {import("./cursor.js").Cursor} cursor
 * @param {string | undefined} address of the clip, if this browser has one
 * @returns {() => void} ends it
 */
export function showClip(place, { clip, pictures }, cursor, address) {
  return address ? play(place, clip, address, cursor, () => showPictures(place, clip, pictures, cursor))
    : showPictures(place, clip, pictures, cursor);
}

function showPictures(place, clip, pictures, cursor) {
  if (!pictures.length) {
    place.replaceChildren();
    return () => {};
  }
  const still = document.createElement("img");
  still.alt = `A frame of ${clip}`;
  const distance = ({ time_s: timeS }) => Math.abs(timeS - cursor.timeS);
  const show = () => {
    const nearest = pictures.reduce((best, each) => (distance(each) < distance(best) ? each : best));
    if (still.src !== nearest.picture) still.src = nearest.picture;
  };
  cursor.addEventListener("move", show);
  show();
  place.replaceChildren(still);
  return () => cursor.removeEventListener("move", show);
}

function play(place, clip, address, cursor, giveUp) {
  const video = document.createElement("video");
  Object.assign(video, { src: address, muted: true, playsInline: true, preload: "auto" });
  video.setAttribute("aria-label", `The clip ${clip}`);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "bp-play" });
  const name = () => {
    button.setAttribute("aria-label", video.paused ? "Play the clip" : "Pause the clip");
    button.dataset.playing = String(!video.paused);
  };
  name();
  const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());
  button.addEventListener("click", toggle);
  video.addEventListener("click", toggle);
  video.addEventListener("play", name);
  video.addEventListener("pause", name);
  let asked = 0;
  let isMeasured = false; // recordings do not say how long they are; a seek beyond the end finds out
  const follow = () => {
    cursor.move({ timeS: video.currentTime });
    if (video.currentTime > cursor.endS) video.currentTime = cursor.startS; // what was read, over and over
    if (!video.paused) asked = requestAnimationFrame(follow);
  };
  const seek = () => {
    const far = Math.abs(video.currentTime - cursor.timeS);
    if (!isMeasured || far < (video.paused ? CLOSE_S : FAR_S)) return;
    video.pause();
    video.currentTime = cursor.timeS;
  };
  video.addEventListener("loadedmetadata", () => {
    isMeasured = Number.isFinite(video.duration);
    video.currentTime = isMeasured ? cursor.timeS : BEYOND_S;
  });
  video.addEventListener("seeked", () => {
    if (isMeasured) return;
    isMeasured = true;
    video.currentTime = cursor.timeS;
  });
  video.addEventListener("play", follow);
  let end = () => {
    cancelAnimationFrame(asked);
    cursor.removeEventListener("move", seek);
    video.removeAttribute("src");
    video.load();
  };
  video.addEventListener("error", () => {
    if (place.contains(video)) end = giveUp();
  });
  cursor.addEventListener("move", seek);
  place.replaceChildren(video, button);
  return () => end();
}
