// What several of the operator's views are made of.

import { api } from "../api.js";
import { h, keep, say } from "../dom.js";
import { hasAccounts } from "../session.js";

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

export const steps = (done) => done.workers.map(({ worker, detail }) => [done.model, detail].filter(Boolean).join(" ") || worker).join("; ");

export function choice(label, onchange) {
  return h("select", { "aria-label": label, onchange });
}

// The options of a select; what is chosen stays chosen as long as it is there.
export function offer(select, pairs) {
  const chosen = select.value;
  keep(select, pairs.map(([value, text]) => ({ id: `=${value}`, value, text })),
    ({ value }) => h("option", { value }), (node, { text }) => say(node, text));
  if (pairs.some(([value]) => value === chosen) && select.value !== chosen) select.value = chosen;
}

// Owners by their names, where accounts have some.
const names = new Map([["", "nobody's"]]);
let isLearning = false;

export async function learnOwners() {
  if (isLearning || !hasAccounts()) return;
  isLearning = true;
  try {
    for (const { id, name } of (await api.owners()).owners) names.set(id ?? "", name);
  } catch {
    // Without accounts everything is nobody's.
  }
  isLearning = false;
}

export const ownerName = (id) => names.get(id ?? "") ?? id;
export const hasOwners = hasAccounts;

// Asked once more, of what cannot be taken back. Resolves to whether it was said so.
export function confirmed(question, yes, ...more) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "panel ask", "aria-label": question },
      h("p", {}, question), ...more,
      h("div", { class: "actions" }, button(yes, () => dialog.close("yes"), { class: "button main" }), button("Not now", () => dialog.close(""))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
