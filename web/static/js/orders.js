// Buttons that ask the server for something, and what it answered.

import { h, say } from "./dom.js";

export function button(text, onclick, more = {}) {
  return h("button", { type: "button", onclick: (event) => onclick(event.currentTarget), ...more }, text);
}

// Of an order, what follows from it; of a refusal, why, and what to do.
export const makeAnswer = () => h("p", { class: "answer", role: "status" });

export async function answerTo(place, ask, tell) {
  place.classList.remove("error");
  try {
    say(place, tell(await ask()));
    return true;
  } catch (error) {
    place.classList.add("error");
    say(place, [error.message, error.suggestion].filter((text, at) => text && (at === 0 || !error.message.includes(text))).join(". "));
    return false;
  }
}
