// What several of the operator's views are made of.

import { h, keep, say } from "../dom.js";
import { button } from "../orders.js";

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
