// Files of a result are made by the server when they are asked for, out of the sealed package that came with it.

import { session } from "./session.js";

/**
 * @param {HTMLElement} element in which buttons name a kind of file by `data-file`
 * @param {{make_file: (asked: object) => Promise<{name?: string, type?: string, content?: string, error?: string}>}} server
 */
export function startFiles(element, server) {
  element.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-file]");
    if (!button || button.disabled) return;
    button.disabled = true;
    try {
      const { result } = session.view;
      const made = await server.make_file({ kind: button.dataset.file, package: result.package, cuff: session.cuff(result) });
      if (made.error) throw new Error(made.error);
      save(made);
    } catch (error) {
      const place = element.querySelector("[data-cursor]");
      place.textContent = error.message || "The file could not be made. Try once more.";
    } finally {
      button.disabled = false;
    }
  });
}

/** Gives a file to the person, as the server made it. @param {{name?: string, type?: string, content?: string}} made */
function save({ name, type, content }) {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  saveFile(name, new Blob([bytes], { type }));
}

/** Gives a file to the person. @param {string} name @param {Blob} content */
export function saveFile(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
