// The example cards. Most answers are ready; the others are read like any clip.

import { session } from "./session.js";

export function startExamples({ element, trigger, server }) {
  element.addEventListener("click", async (event) => {
    const card = event.target.closest("[data-example]");
    if (!card) return;
    const number = Number(card.dataset.example);
    session.choose({ example: card.dataset.file });
    trigger((await server.is_ready(number)) ? "show" : "read", { example: number });
  });
}
