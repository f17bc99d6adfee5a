// The job as commands, to copy.

import { modelNamed } from "./catalogue.js";
import { h, say } from "./dom.js";
import { curl, python, requestOf } from "./snippets.js";

const LANGUAGES = [["curl", curl], ["Python", python]];

export function drawCode(job) {
  const text = h("pre", { class: "listing", tabindex: "0", role: "region" });
  const done = h("span", { class: "note", role: "status" });
  const tabs = LANGUAGES.map(([name, write]) => h("button", { type: "button", "aria-pressed": "false", onclick: () => choose(name, write) }, name));
  const copy = h("button", { type: "button", onclick: async () => say(done, await toClipboard(text) ? "Copied" : "Select the text and copy it") }, "Copy");

  function choose(name, write) {
    tabs.forEach((tab) => tab.setAttribute("aria-pressed", String(tab.textContent === name)));
    text.textContent = write(requestOf(job, modelNamed(job.model)?.schema), location.origin);
    text.setAttribute("aria-label", `This job in ${name}`);
    copy.setAttribute("aria-label", `Copy as ${name}`);
    say(done, "");
  }

  const all = h("details", { class: "code", ontoggle: () => all.open && !text.textContent && choose(...LANGUAGES[0]) },
    h("summary", {}, "The same from a script"),
    h("div", { class: "with-tabs" }, h("div", { class: "choices", role: "group", "aria-label": "Language" }, ...tabs), copy, done),
    text);
  return all;
}

// Browsers keep the clipboard from pages that came without encryption, but for this machine's own.
async function toClipboard(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(node);
    return document.execCommand("copy");
  }
}
