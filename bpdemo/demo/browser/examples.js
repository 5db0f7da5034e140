// The example cards, and the way back to a clip of one's own. Most answers are ready; others are read like any clip.

import { session } from "./session.js";

export function startExamples({ element, trigger, server }) {
  element.addEventListener("click", async (event) => {
    if (event.target.closest("[data-new]")) document.querySelector("#stage").classList.toggle("bp-choosing");
    const card = event.target.closest("[data-example]");
    if (!card) return;
    const number = Number(card.dataset.example);
    session.choose({ example: card.dataset.file });
    trigger((await server.is_ready(number)) ? "show" : "read", { example: number });
  });
  for (const button of element.querySelectorAll("button")) button.disabled = false;
}
