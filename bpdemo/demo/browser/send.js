// A file on its way to the app's own upload, by which Gradio's page sends its files, too; with how much of it is gone.

const NOT_SENT = "The clip did not arrive. Check the connection and send it again.";

/**
 * @param {File} file
 * @param {object} [options]
 * @param {(share: number) => void} [options.onProgress] hears how much has been sent, 0 to 1
 * @param {AbortSignal} [options.signal] ends it; the server then keeps nothing
 * @returns {Promise<string>} the path of the file there
 * @throws an Error with the `code` `not_sent` and a sentence for people, the server's own where it refused; the signal's
 *   reason where that ended it
 */
export async function send(file, { onProgress, signal } = {}) {
  signal?.throwIfAborted();
  const form = new FormData();
  form.append("files", file);
  const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
  await new Promise((done, fail) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress?.(loaded / total));
    request.addEventListener("loadend", done);
    signal?.addEventListener("abort", () => {
      fail(signal.reason);
      request.abort();
    });
    request.open("POST", new URL("gradio_api/upload", document.baseURI));
    request.send(form);
  });
  const path = sentPath(request);
  if (!path) throw Object.assign(new Error(refusal(request)), { code: "not_sent" });
  return path;
}

/** @param {XMLHttpRequest} request @returns {string | null} where the server has the file; null where it has none */
function sentPath({ status, responseText }) {
  try {
    return status === 200 ? JSON.parse(responseText)[0] : null;
  } catch {
    return null; // something between here and the server answered
  }
}

/** Returns why there is no path; a page of a proxy before the server is not for people. @param {XMLHttpRequest} request */
function refusal(request) {
  const isSentence = request.getResponseHeader("content-type")?.startsWith("text/plain");
  return (isSentence && request.responseText) || NOT_SENT;
}
