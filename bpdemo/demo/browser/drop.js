// Files that are chosen, or dropped.

/**
 * @param {HTMLElement} element with a file input, disabled until now, and the place to drop at
 * @param {(files: File[]) => void} take
 */
export function listenForFiles(element, take) {
  const input = element.querySelector("input[type=file]");
  const drop = element.querySelector("[data-drop]");
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // the same files may be chosen again
    take(files);
  });
  drop.addEventListener("dragover", (event) => event.preventDefault());
  for (const name of ["dragenter", "dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.toggle("bp-over", name === "dragenter"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  input.disabled = false;
}
