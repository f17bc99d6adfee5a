// Shortcuts: single keys that press what is on the page, and the list of them under "?". Who speaks to the computer, or
// whose keyboard slips, can switch them off.

import { $, h } from "./dom.js";
import { walk } from "./shelf.js";
import { hide } from "./stage.js";

// Keys without a deed press what carries them as `data-key`.
const KEYS = [
  ["?", "This list"],
  ["n", "Begin anew", begin],
  ["/", "Search the jobs", () => $("search").focus()],
  ["j", "The next job below", () => walk(1)],
  ["k", "The job above", () => walk(-1)],
  ["d", "Download the result"],
  ["r", "Make it again, with another seed"],
  ["e", "Change it: back into the form"],
  ["w", "Wireframe"],
  ["c", "Before and after"],
  ["t", "Turn by itself, or stop"],
  ["0", "Look from the front"],
  ["f", "Full screen"],
];
const OTHERS = [["Ctrl + Enter", "Make it, while you describe it"], ["Esc", "Close this list, leave the full screen"]];
const SWITCH = "aigc.keys";

const isOn = () => localStorage.getItem(SWITCH) !== "off";

export function startKeys() {
  $("help").addEventListener("click", list);
  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.closest?.("input, textarea, select, dialog");
    if (isWriting || event.ctrlKey || event.metaKey || event.altKey || $("make").hidden || !isOn()) return;
    const [key, , deed] = KEYS.find(([known]) => known === event.key) ?? [];
    if (!key) return;
    event.preventDefault();
    if (key === "?") list();
    else if (deed) deed();
    else document.querySelector(`#shown [data-key="${key}"]:not([hidden])`)?.click();
  });
}

function begin() {
  hide();
  ($("prompt-field").hidden ? document.querySelector("#kinds :checked") : $("prompt"))?.focus();
}

function list() {
  const keep = h("input", { type: "checkbox", id: "keys-on", checked: isOn(), onchange: () => localStorage.setItem(SWITCH, keep.checked ? "on" : "off") });
  const dialog = h("dialog", { class: "keys panel", "aria-labelledby": "keys-title" },
    h("h2", { id: "keys-title" }, "Keys"),
    h("dl", {}, ...[...KEYS, ...OTHERS].map(([key, what]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)))),
    h("div", { class: "field check" }, keep, h("label", { for: "keys-on" }, "Single keys do this")),
    h("form", { method: "dialog" }, h("button", { class: "button" }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
