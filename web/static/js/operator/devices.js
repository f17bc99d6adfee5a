// Workers and their devices: a map of the memory by model, what is worked on, and what an operator can do about it.

import { api } from "../api.js";
import { bytes, duration, h, keep, percent, say, words } from "../dom.js";
import { answerTo, button, makeAnswer } from "../orders.js";
import { steps } from "./parts.js";

export const TITLE = "Devices";

const COLOURS = 12; // the sheet has so many
const FEW = 6; // of so many devices everything is shown at once
const OTHERS = "other programs", RESERVE = "kept free", FREE = "free for models";

const colours = new Map(); // a model has one colour on all devices, for as long as the page is open
let models = [];
let root, legend, marks, nothing;

export function make(place) {
  legend = h("ul", { class: "legend", "aria-label": "Models in memory" });
  marks = h("p", { class: "legend marks", "aria-hidden": "true" }, // the names of the states stand at each device
    ...[["is-running", "works"], ["is-idle", "idle, gives way"], ["is-idle is-pinned", "pinned"], ["is-loading", "comes or goes"], ["stranger", "other programs"]]
      .map(([state, text]) => h("span", {}, h("span", { class: `swatch ${state === "stranger" ? "" : "model colour-grey"} ${state}` }), text)));
  nothing = h("p", { class: "note", hidden: true }, "No worker is connected. Jobs are kept until one is.");
  root = h("div", { class: "devices" });
  place.append(legend, marks, nothing, root);
}

export async function show() {
  try {
    models = (await api.models()).models;
  } catch {
    // Without them nothing can be loaded from here.
  }
}

export function hear(event) {
  if (event.type === "system.catalogue") show();
}

const byName = new Intl.Collator(undefined, { numeric: true });

export const inOrder = (workers) => [...workers].sort((a, b) => byName.compare(a.id, b.id));

export function draw({ workers }) {
  const sorted = inOrder(workers);
  nothing.hidden = sorted.length > 0;
  root.classList.toggle("many", sorted.length > FEW);
  drawLegend(sorted);
  keep(root, sorted, (worker) => makeDevice(worker, sorted.length <= FEW), fillDevice);
}

// All models in memory, and what the marks mean

function drawLegend(workers) {
  const found = new Map();
  for (const { residents, liveness } of workers) {
    if (liveness === "lost") continue;
    for (const { residency, bytes: size } of residents) {
      const one = found.get(residency) ?? { id: residency, size: 0, devices: 0 };
      found.set(residency, { ...one, size: one.size + size, devices: one.devices + 1 });
    }
  }
  const rows = [...found.values()].sort((a, b) => b.size - a.size);
  keep(legend, rows, ({ id }) => h("li", {}, h("span", { class: `swatch ${colourOf(id)}` }), h("span", {}, id), h("span", { class: "note" })),
    (node, { size, devices }) => say(node.lastChild, ` ${bytes(size)}${devices > 1 ? ` on ${devices}` : ""}`));
  legend.hidden = workers.length < 2 || !rows.length;
  marks.hidden = !rows.length;
}

// One device

function makeDevice({ id }, isOpen) {
  const answer = makeAnswer();
  const choice = h("select", { "aria-label": `Model to load on ${id}` });
  const load = button("Load", () => answerTo(answer, () => api.control(choice.value, "load", id), steps));
  return h("article", { class: "panel device", "aria-label": id },
    h("header", {}, h("h3"), h("p", { class: "note" }), h("div", { class: "badges" })),
    h("div", { class: "map" },
      h("div", { class: "memory", role: "img" }),
      h("p", { class: "note sum" })),
    h("dl", { class: "gauges" }),
    h("ul", { class: "leases" }),
    h("details", { class: "inside", open: isOpen },
      h("summary", {}, h("span")),
      h("ul", { class: "residents" }),
      h("dl", { class: "numbers" }),
      h("footer", {}, h("div", { class: "loading" }, choice, load),
        button("Drain", (self) => answerTo(answer, () => api.worker(id, self.dataset.action), steps), { data: { action: "drain" } }))),
    answer);
}

function fillDevice(node, worker) {
  const { device } = worker;
  const part = (selector) => node.querySelector(selector);
  say(part("h3"), worker.id);
  say(part("header .note"), [`${device.name || device.id}${worker.host ? ` on ${worker.host}` : ""}`, device.healthy && device.note].filter(Boolean).join("; "));
  keep(part(".badges"), badges(worker), ({ kind, id }) => h("span", { class: `badge ${kind}` }, id), () => {});
  fillActions(part("footer"), worker);
  // Of a lost one nothing is known any more.
  const isLost = worker.liveness === "lost";
  for (const name of [".map", ".gauges", ".residents", ".numbers"]) part(name).hidden = isLost;
  part(".leases").hidden = isLost || !worker.leases.length;
  say(part("summary span"), isLost ? "Forget it" : count(worker.residents.length, "model") + " in memory");
  if (isLost) {
    part(".inside").open = true;
    return;
  }
  drawMemory(part(".memory"), worker);
  say(part(".sum"), `${bytes(device.reserved)} of ${bytes(device.usable)} reserved`);
  drawGauges(part(".gauges"), device);
  keep(part(".leases"), worker.leases.map((lease) => ({ ...lease, id: lease.id })), makeLease, fillLease);
  keep(part(".residents"), rows(worker), (row) => makeRow(row, worker.id, part(".answer")), fillRow);
  keep(part(".numbers"), numbers(worker), ({ id }) => h("div", {}, h("dt", {}, id), h("dd")), (pair, { value }) => say(pair.lastChild, value));
}

const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

// Whether it still works on what it had when it was told to take no more.
export const drained = ({ leases }) => (leases.length ? "draining" : "drained");

function badges(worker) {
  const { liveness, lost_s, draining, quarantined, slots } = worker;
  return [
    liveness === "lost" && ["bad", `lost ${duration(lost_s)} ago`],
    liveness === "suspect" && ["bad", "silent"],
    draining && liveness !== "lost" && ["busy", drained(worker)],
    quarantined && ["bad", quarantined],
    slots > 1 && ["", `${slots} jobs at once`],
  ].filter(Boolean).map(([kind, id]) => ({ kind, id }));
}

const colourOf = (name) => {
  if (!colours.has(name)) colours.set(name, colours.size % COLOURS);
  return `colour-${colours.get(name)}`;
};

// The memory

const isEvictable = (resident) => resident.state === "idle" && !resident.pinned;

// What is used of a device's memory, by whom: in the order of the map.
function shares({ device, residents }) {
  const reserve = Math.max(0, device.total - device.usable - device.strangers);
  return [
    ...residents.map((item) => ({ name: item.residency, size: item.bytes, colour: `model ${colourOf(item.residency)} is-${item.state}${item.pinned ? " is-pinned" : ""}`, resident: item })),
    { name: FREE, size: Math.max(0, device.usable - device.reserved), colour: "free" },
    { name: RESERVE, size: reserve, colour: "reserve" },
    { name: OTHERS, size: device.strangers, colour: "stranger" },
  ].filter(({ size, resident }) => size > 0 || resident);
}

const memoryName = ({ kind }) => (kind === "cpu" ? "Memory" : "GPU memory");

function drawMemory(node, worker) {
  const parts = shares(worker).filter(({ size }) => size > 0);
  const { device } = worker;
  const said = parts.map(({ name, size, resident }) => `${name} ${bytes(size)}${resident ? `, ${stateOf(resident)}` : ""}`).join("; ");
  node.setAttribute("aria-label", `${memoryName(device)}: ${bytes(device.reserved)} of ${bytes(device.total)} reserved for models; ${said}`);
  keep(node, parts.map((one) => ({ id: one.name, ...one })), () => h("span", {}, h("b")), (block, { name, size, colour, resident }) => {
    block.className = colour;
    block.title = `${name}, ${bytes(size)}${resident ? `, ${stateOf(resident)}` : ""}`;
    block.style.flexGrow = String(size / 2 ** 20);
    say(block.firstChild, name);
  });
}

function stateOf({ state, pinned, idle_s }) {
  const idle = state === "idle" && idle_s ? ` for ${duration(idle_s)}` : "";
  return [pinned && "pinned", `${state}${idle}`, isEvictable({ state, pinned }) && "gives way"].filter(Boolean).join(", ");
}

function drawGauges(place, device) {
  const gauges = [
    // Without a GPU it is what all programs of the machine do.
    device.utilisation !== null && { id: device.kind === "cpu" ? "CPU of the machine" : "Busy", value: percent(device.utilisation), share: device.utilisation },
    device.temperature_c !== null && { id: "Temperature", value: `${Math.round(device.temperature_c)} °C`, isHot: device.temperature_c >= 85 },
    device.power_w !== null && { id: "Power", value: `${Math.round(device.power_w)} W` },
  ].filter(Boolean);
  keep(place, gauges, ({ id, share }) => h("div", {}, h("dt", {}, id), h("dd", {}, h("span"), share !== undefined && h("i", { class: "tube", "aria-hidden": "true" }, h("i")))),
    (node, { value, share, isHot }) => {
      say(node.querySelector("span"), value);
      node.classList.toggle("hot", Boolean(isHot));
      if (share !== undefined) node.querySelector(".tube > i").style.width = `${Math.round(100 * share)}%`;
    });
}

function numbers({ device, slots, credit, version, residents }) {
  return [
    [memoryName(device), bytes(device.total)], ["For models", bytes(device.usable)],
    ["In use", bytes(device.used)], ["Other programs", device.strangers > 0 && bytes(device.strangers)], ["Device", device.id],
    ["Jobs at once", slots], ["Takes ahead", credit - slots], ["Version", version],
    ["Runners", residents.filter(({ pid }) => pid).length],
  ].filter(([, value]) => value !== false && value !== "").map(([id, value]) => ({ id, value: String(value) }));
}

// Who has reserved what

function rows(worker) {
  return shares(worker).map((share) => ({ id: share.name, ...share }));
}

function makeRow({ name, resident }, worker, answer) {
  const control = (self) => answerTo(answer, () => api.control(modelOf(name), self.dataset.action, worker), steps);
  return h("li", {},
    h("span", { class: "swatch" }),
    h("span", { class: "name" }, name),
    h("span", { class: "size" }),
    resident && h("span", { class: "note" }),
    resident && h("span", { class: "actions" },
      button("Pin", control, { data: { action: "pin" }, "aria-label": `Pin ${name} on ${worker}` }),
      button("Unload", control, { data: { action: "unload" }, "aria-label": `Unload ${name} from ${worker}` })));
}

function fillRow(node, { name, size, colour, resident }) {
  node.querySelector(".swatch").className = `swatch ${colour}`;
  say(node.querySelector(".size"), bytes(size));
  if (!resident) return;
  const done = resident.jobs_done && `${count(resident.jobs_done, "job")} done`;
  say(node.querySelector(".note"), [stateOf(resident), done, resident.pid && `process ${resident.pid}`].filter(Boolean).join(", "));
  const [pin, unload] = node.querySelectorAll("button");
  set(pin, resident.pinned ? "unpin" : "pin", resident.pinned ? "Unpin" : "Pin");
  pin.setAttribute("aria-pressed", String(resident.pinned));
  pin.disabled = !modelOf(name);
  unload.disabled = !modelOf(name) || resident.state === "stopping";
}

// A runner may serve a whole family; any of its models names it.
const modelOf = (residency) => models.find((model) => model.learned?.residency === residency)?.id;

// What is worked on

export function makeLease({ id }) {
  return h("li", {}, h("a", { href: `#job=${id}` }), h("span", { class: "note" }));
}

export function fillLease(node, lease) {
  say(node.firstChild, lease.name || lease.id);
  say(node.lastChild, ` ${[lease.model, leaseState(lease), lease.need_bytes && `may take ${bytes(lease.need_bytes)}`].filter(Boolean).join(", ")}`);
}

export function leaseState(lease) {
  const state = lease.running_s === null
    ? `${lease.stage === "waiting" ? "next" : words(lease.stage)}, waits for ${duration(lease.held_s)}`
    : `${words(lease.stage)} ${percent(lease.fraction)}, runs for ${duration(lease.running_s)}`;
  return [state, lease.attempt > 1 && `attempt ${lease.attempt}`, lease.ending && `is asked to end: ${lease.ending}`].filter(Boolean).join(", ");
}

// What can be done

function fillActions(node, worker) {
  const [load, other] = node.querySelectorAll("button");
  const isLost = worker.liveness === "lost";
  const there = new Set(worker.residents.map((item) => item.residency));
  const able = models.filter((model) => model.devices.includes(worker.device.kind) && !there.has(model.learned?.residency));
  keep(node.querySelector("select"), able, (model) => h("option", { value: model.id }, `${model.id}, ${bytes(model.learned?.memory_bytes ?? model.memory_bytes)}`), () => {});
  node.querySelector(".loading").hidden = isLost || !able.length;
  const needsResume = worker.draining || Boolean(worker.quarantined);
  load.disabled = needsResume;
  if (isLost) set(other, "forget", "Forget");
  else set(other, needsResume ? "resume" : "drain", needsResume ? "Resume" : "Drain");
  other.setAttribute("aria-label", `${other.textContent} ${worker.id}`);
}

function set(self, action, text) {
  self.dataset.action = action;
  say(self, text);
}
