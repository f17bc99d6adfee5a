// The seed of what is made next. Unlocked it is another one after each job; locked it stays.

import { h } from "./dom.js";

const MOST = 999_999; // enough different ones, and still easy to read out

let isLocked = false;
let kept = null;

export const roll = (most = MOST) => Math.floor(Math.random() * (Math.min(most, MOST) + 1));

// The buttons beside the field of the seed.
export function drawSeed(input, most) {
  if (kept !== null && kept <= most) input.value = String(kept);
  const lock = h("button", { type: "button", class: "lock", "aria-label": "Lock the seed", onclick: () => setLocked(!isLocked) }, "Lock");
  const setLocked = (value) => {
    isLocked = value;
    kept = value || kept !== null ? Number(input.value) : null;
    lock.setAttribute("aria-pressed", String(value));
    lock.title = value ? "The next job has this seed too" : "The next job has another seed";
  };
  setLocked(isLocked);
  const dice = h("button", { type: "button", "aria-label": "Another seed", title: "Another seed", onclick: () => change(input, roll(most)) }, "⚄");
  // Who types a seed wants that one.
  input.addEventListener("input", (event) => event.isTrusted && setLocked(true));
  return h("div", { class: "with-button" }, input, lock, dice);
}

// A job was sent: the next one is to be another, unless this seed was locked.
export function rollOn(place) {
  const input = place.querySelector("[name=seed]");
  if (!input || isLocked) return;
  kept = roll(Number(input.max || MOST));
  change(input, kept);
}

// The seed of the n-th of several jobs that are sent together.
export const seedOf = (first, at) => (isLocked ? first : (first + at) % (MOST + 1));

function change(input, value) {
  input.value = String(value);
  kept = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
