// The upload: a clip is chosen or dropped, kept by the browser to be played, and sent.

import { listenForFiles } from "./drop.js";
import { send } from "./send.js";
import { session } from "./session.js";
import { MAX_CLIP_BYTES } from "./unzip.js";

export function startUpload({ element, trigger }) {
  const message = element.querySelector("[role=status]");
  const sending = element.querySelector("[data-sending]");
  let cancelling = new AbortController();

  const showSent = (share) => {
    sending.querySelector("progress").value = share;
    sending.querySelector("b").textContent = `${Math.floor(100 * share)} %`;
  };

  const take = async (file) => {
    if (!file) return;
    if (file.size > MAX_CLIP_BYTES) {
      message.textContent = `This clip is larger than ${MAX_CLIP_BYTES / 2 ** 20} MB. Choose a shorter one: 15 seconds are enough.`;
      return;
    }
    cancelling.abort(); // of the one before
    cancelling = new AbortController();
    const { signal } = cancelling;
    const key = session.keepClip(file);
    message.textContent = `Sending ${file.name}, ${(file.size / 1e6).toFixed(1)} MB`;
    showSent(0);
    sending.hidden = false;
    try {
      const clip = await send(file, { onProgress: showSent, signal });
      message.textContent = "";
      trigger("submit", { clip, key });
    } catch (error) {
      if (signal.aborted) return;
      message.textContent = error.message;
    }
    sending.hidden = true;
  };

  listenForFiles(element, ([file]) => take(file));
  sending.querySelector("button").addEventListener("click", () => {
    cancelling.abort();
    sending.hidden = true;
    message.textContent = "Cancelled.";
    element.querySelector("input[type=file]").focus();
  });
}
