// Marks the chosen row of a map wherever it shows: in the map, on the face, among the traces, in words.
// `element` holds the steps; they come and go, so it listens for them.

function choose(view, row) {
  const slider = view.querySelector("input[type=range]");
  const names = slider.dataset.rows.split("\n");
  row = Math.min(Math.max(row, 0), names.length - 1);
  view.dataset.chosen = row;
  slider.value = row + 1;
  slider.setAttribute("aria-valuetext", names[row]);
  view.querySelector("[data-description]").textContent = names[row];
  for (const part of view.querySelectorAll("[data-row]")) {
    part.classList.toggle("bp-chosen", Number(part.dataset.row) === row);
  }
  for (const mark of view.querySelectorAll(".bp-rows i")) {
    mark.style.top = `${(100 * row) / names.length}%`;
    mark.style.height = `${100 / names.length}%`;
  }
}

function chooseAt(area, y) {
  const view = area.closest("[data-map]");
  const rows = Number(view.querySelector("input[type=range]").max);
  const box = area.getBoundingClientRect();
  choose(view, Math.floor(((y - box.top) / box.height) * rows));
}

element.addEventListener("input", (event) => {
  const view = event.target.closest("[data-map]");
  if (view && event.target.type === "range") choose(view, Number(event.target.value) - 1);
});
element.addEventListener("pointerdown", (event) => {
  const area = event.target.closest(".bp-rows");
  if (area) chooseAt(area, event.clientY);
});
element.addEventListener("pointermove", (event) => {
  const area = event.target.closest(".bp-rows");
  if (area && event.buttons) chooseAt(area, event.clientY);
});
watch("value", () => {
  for (const view of element.querySelectorAll("[data-map]")) choose(view, Number(view.dataset.chosen));
});
