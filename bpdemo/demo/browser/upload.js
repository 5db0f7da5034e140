// The upload: a clip is chosen or dropped, kept by the browser to be played, and sent.

import { listenForFiles } from "./drop.js";
import { session } from "./session.js";
import { MAX_CLIP_BYTES } from "./unzip.js";

export function startUpload({ element, trigger, upload }) {
  const message = element.querySelector("[role=status]");
  let sending = 0;

  const send = async (file) => {
    if (!file) return;
    if (file.size > MAX_CLIP_BYTES) {
      message.textContent = `This clip is larger than ${MAX_CLIP_BYTES / 2 ** 20} MB. Choose a shorter one: 15 seconds are enough.`;
      return;
    }
    const turn = ++sending;
    const key = session.keepClip(file);
    message.textContent = `Sending ${file.name}, ${(file.size / 1e6).toFixed(1)} MB`;
    try {
      const { path } = await upload(file);
      if (turn !== sending) return;
      trigger("submit", { clip: path, key });
      message.textContent = "";
    } catch {
      message.textContent = "The clip did not arrive. Check the connection and send it again.";
    }
  };

  listenForFiles(element, ([file]) => send(file));
}
