// The settings in force and where each comes from, whether all processes agree, and the catalogue's files read again.

import { api } from "../api.js";
import { h, keep, say } from "../dom.js";
import { button, makeAnswer } from "../orders.js";

export const TITLE = "Configuration";

let agreement, process, answer, complaints, words, changed, list;
let settings = [];

export function make(place) {
  agreement = h("ul", { class: "agreement", "aria-label": "Agreement" });
  process = h("p", { class: "note" });
  answer = makeAnswer();
  complaints = h("ul", { class: "complaints" });
  words = h("input", { type: "search", "aria-label": "Find a setting", placeholder: "Find", oninput: drawSettings });
  changed = h("input", { type: "checkbox", id: "only-changed", onchange: drawSettings });
  list = h("dl", { class: "panel settings-in-force" });
  place.append(agreement, process,
    h("div", { class: "toolbar" }, button("Reload the catalogue", reload), words, h("span", { class: "check" }, changed, h("label", { for: "only-changed" }, "only what is no default"))),
    answer, complaints, list);
}

export async function show() {
  try {
    const found = await api.configuration();
    settings = found.settings;
    say(process, `As the gateway ${found.process.host}/${found.process.pid} has it, version ${found.process.version}${found.catalogue_digest && `; catalogue ${found.catalogue_digest}`}`);
    const lines = found.broker_agreed === null ? ["No broker answers, so nothing can be compared."] : found.differences;
    drawAgreement(lines.length ? lines.map((id) => ({ id, isBad: true })) : [{ id: `This gateway and the broker agree on all ${Object.keys(found.agreed).length} settings that they must share.` }]);
    drawSettings();
  } catch (error) {
    drawAgreement([{ id: error.message, isBad: true }]);
  }
}

// The other processes are heard of through the broker.
export function draw({ gateways, workers, differing }) {
  for (const { process: who, differences } of differing) {
    const id = `${who}: ${differences.join("; ")}`;
    if (![...agreement.children].some((line) => line.dataset.key === id)) agreement.append(h("li", { class: "is-bad", data: { key: id } }, id));
  }
  const versions = new Set([...gateways, ...workers].map(({ version }) => version).filter(Boolean));
  const id = `Different versions run: ${[...versions].join(", ")}`;
  if (versions.size > 1 && ![...agreement.children].some((line) => line.dataset.key === id)) agreement.append(h("li", { class: "is-bad", data: { key: id } }, id));
}

export function hear(event) {
  if (event.type === "system.catalogue") show();
}

function drawAgreement(lines) {
  keep(agreement, lines, ({ id }) => h("li", {}, id), (node, { isBad }) => node.classList.toggle("is-bad", Boolean(isBad)));
}

function drawSettings() {
  const wanted = words.value.toLowerCase();
  const shown = settings.filter(({ name, value, origin }) => (!changed.checked || origin !== "default") && `${name} ${JSON.stringify(value)}`.toLowerCase().includes(wanted));
  keep(list, shown.map((one) => ({ id: one.name, ...one })),
    ({ id }) => h("div", {}, h("dt", {}, id), h("dd", { class: "value" }), h("dd", { class: "note" })),
    (node, { value, origin, hidden }) => {
      say(node.children[1], told(value));
      say(node.children[2], [origin, hidden && "secrets are hidden"].filter(Boolean).join("; "));
      node.classList.toggle("is-set", origin !== "default");
    });
}

function told(value) {
  if (value === null) return "not set";
  if (Array.isArray(value) && value.length === 0) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function reload(self) {
  self.disabled = true;
  say(answer, "The broker reads its files.");
  answer.classList.remove("error");
  complaints.replaceChildren();
  try {
    const { added, removed, changed: others, notes, digest } = await api.reload();
    const news = [["added", added], ["removed", removed], ["changed", others]].filter(([, names]) => names.length).map(([what, names]) => `${what}: ${names.join(", ")}`);
    say(answer, `In force: catalogue ${digest}. ${news.join("; ") || "Nothing is new."}`);
    complaints.append(...notes.map((line) => h("li", {}, line)));
  } catch (error) {
    answer.classList.add("error");
    say(answer, ["Refused, and what was in force still is", error.errors.length ? "" : error.message, error.suggestion].filter(Boolean).join("; "));
    complaints.append(...error.errors.map(({ pointer, detail }) => h("li", { class: "is-bad" }, pointer && h("code", {}, pointer), ` ${detail}`)));
  }
  self.disabled = false;
}
