// All models: where they are in memory, what was learned of them, and those that are known and not served.

import { api } from "../api.js";
import { titleOf } from "../catalogue.js";
import { bytes, duration, h, keep, say } from "../dom.js";
import { inOrder } from "./devices.js";
import { answerTo, button, makeAnswer } from "../orders.js";
import { offer, steps } from "./parts.js";

export const TITLE = "Models";

let list, absent, absentTitle, answer;
let models = [];
let status = null;

export function make(place) {
  answer = makeAnswer();
  list = h("div", { class: "panel models", role: "table", "aria-label": "Models" },
    h("div", { role: "rowgroup", class: "heads" }, h("div", { role: "row" }, ...["Model", "In memory", "Needs", "Loads in", "Runs for", "Action"].map((name) => h("span", { role: "columnheader" }, name)))),
    h("div", { role: "rowgroup", class: "body" }));
  absentTitle = h("h3", { hidden: true }, "Known, and not served here");
  absent = h("ul", { class: "absent" });
  place.append(answer, list, absentTitle, absent);
}

export async function show() {
  try {
    const found = await api.models();
    models = found.models;
    keep(absent, found.absent, ({ id }) => h("li", { class: "panel" }, h("b", {}, id), h("span", { class: "note what" }), h("p"), h("p", { class: "note" })),
      (node, one) => {
        say(node.children[1], ` ${titleOf(one.feature)}`);
        say(node.children[2], one.detail);
        say(node.children[3], one.suggestion);
      });
    absentTitle.hidden = !found.absent.length;
    if (status) draw(status);
  } catch {
    // The line in the header says that the server does not answer.
  }
}

export function hear(event) {
  if (event.type === "system.catalogue") show();
}

export function draw(seen) {
  status = seen;
  keep(list.lastChild, models, makeRow, fillRow);
}

// Where it is: of a family the runner of any of them.
function places(model) {
  const residency = status.learned[model.id]?.residency ?? model.learned?.residency ?? model.id;
  return inOrder(status.workers).filter(({ liveness }) => liveness !== "lost").flatMap(({ id, residents }) => residents
    .filter((one) => one.residency === residency)
    .map((one) => ({ worker: id, ...one })));
}

function makeRow({ id, feature, licence }) {
  const where = h("select", { "aria-label": `Where to load ${id}` });
  const order = (action) => button(action[0].toUpperCase() + action.slice(1),
    () => answerTo(answer, () => api.control(id, action, where.value), steps), { data: { action }, "aria-label": `${action} ${id}` });
  return h("div", { role: "row" },
    h("span", { role: "rowheader" }, h("b", {}, id), h("span", { class: "note" }, `${titleOf(feature)}, ${licence}`)),
    h("span", { role: "cell", class: "where" }),
    h("span", { role: "cell", class: "needs" }), h("span", { role: "cell", class: "loads" }), h("span", { role: "cell", class: "runs" }),
    h("span", { role: "cell", class: "do actions" }, where, order("load"), order("unload"), order("pin"), order("unpin")));
}

function fillRow(node, model) {
  const learned = status.learned[model.id] ?? model.learned ?? {};
  const found = places(model);
  const part = (name) => node.querySelector(name);
  keep(part(".where"), found.length ? found.map((one) => ({ id: one.worker, ...one })) : [{ id: "nowhere" }],
    () => h("span", { class: "badge" }), (badge, one) => {
      badge.className = one.worker ? `badge ${one.state === "running" ? "good" : one.state === "loading" ? "busy" : ""}` : "note";
      say(badge, one.worker ? `${one.worker}: ${[one.pinned && "pinned", one.state].filter(Boolean).join(", ")}` : "not in memory");
    });
  const isLearned = learned.memory_bytes && learned.memory_bytes !== model.memory_bytes;
  say(part(".needs"), `${bytes(learned.memory_bytes ?? model.memory_bytes)}${isLearned ? " learned" : ""}`);
  say(part(".loads"), duration(learned.load_s ?? model.load_s));
  say(part(".runs"), duration(learned.run_s ?? model.run_s));
  const able = status.workers.filter((worker) => worker.liveness !== "lost" && model.devices.includes(worker.device.kind));
  offer(part("select"), [["", "where it fits best"], ...able.map(({ id }) => [id, id])]);
  part("[data-action=load]").disabled = !able.length;
  for (const action of ["unload", "pin", "unpin"]) part(`[data-action=${action}]`).hidden = action === "unpin" ? !found.some(({ pinned }) => pinned) : action === "pin" ? found.some(({ pinned }) => pinned) : !found.length;
}
