// Workers and their devices: a map of the memory by model, what is worked on, and what an operator can do about it.

import { api } from "./api.js";
import { $, bytes, duration, h, keep, list, percent, say, words } from "./dom.js";
import { nameOf } from "./job.js";
import * as store from "./store.js";

const COLOURS = 8; // the sheet has so many
const OTHERS = "other programs", RESERVE = "kept free", FREE = "free for models";

const colours = new Map(); // a model has one colour on all devices, for as long as the page is open
let models = [];

export async function learnModels() {
  try {
    models = (await api.models()).models;
  } catch {
    // Without them nothing can be loaded from here.
  }
}

export function drawDevices(workers) {
  const place = $("devices");
  if (!workers.length) {
    place.replaceChildren(h("p", { class: "note" }, "No worker is connected. Jobs are kept until one is."));
    return;
  }
  place.querySelector(":scope > p")?.remove();
  keep(place, workers, makeDevice, fillDevice);
}

// One device

function makeDevice({ id }) {
  const answer = h("p", { class: "answer", role: "status" });
  const choice = h("select", { "aria-label": `Model to load on ${id}` });
  const load = button("Load", "", () => order(answer, () => api.control(choice.value, "load", id)));
  return h("article", { class: "panel device", "aria-label": id },
    h("header", {}, h("h3"), h("p", { class: "note" }), h("div", { class: "badges" })),
    h("div", { class: "memory", role: "img" }),
    h("ul", { class: "residents" }),
    h("ul", { class: "leases" }),
    h("dl", { class: "numbers" }),
    h("footer", {}, h("div", { class: "loading" }, choice, load),
      button("Drain", "drain", (self) => order(answer, () => api.worker(id, self.dataset.action)))),
    answer);
}

function fillDevice(node, worker) {
  const { device } = worker;
  const part = (selector) => node.querySelector(selector);
  say(part("h3"), device.name || device.id);
  say(part("header .note"), [worker.host ? `${worker.id} on ${worker.host}` : worker.id, device.healthy && device.note].filter(Boolean).join("; "));
  part(".badges").replaceChildren(...badges(worker));
  fillActions(part("footer"), worker);
  // Of a lost one nothing is known any more.
  const isLost = worker.liveness === "lost";
  for (const name of [".memory", ".residents", ".numbers"]) part(name).hidden = isLost;
  part(".leases").hidden = isLost || !worker.leases.length;
  if (isLost) return;
  drawMemory(part(".memory"), worker);
  keep(part(".residents"), rows(worker), (row) => makeRow(row, worker.id, part(".answer")), fillRow);
  keep(part(".leases"), worker.leases, makeLease, fillLease);
  part(".numbers").replaceChildren(...list(numbers(worker)));
}

function badges({ liveness, lost_s, draining, quarantined, slots }) {
  return [
    liveness === "lost" && ["bad", `lost ${duration(lost_s)} ago`],
    liveness === "suspect" && ["bad", "silent"],
    draining && ["busy", "draining"],
    quarantined && ["bad", quarantined],
    slots > 1 && ["", `${slots} jobs at once`],
  ].filter(Boolean).map(([kind, text]) => h("span", { class: `badge ${kind}` }, text));
}

const colourOf = (name) => {
  if (!colours.has(name)) colours.set(name, colours.size % COLOURS);
  return `colour-${colours.get(name)}`;
};

// What is used of a device's memory, by whom: in the order of the map.
function shares({ device, residents }) {
  const reserve = Math.max(0, device.total - device.usable - device.strangers);
  return [
    ...residents.map((item) => ({ name: item.residency, size: item.bytes, colour: colourOf(item.residency) })),
    { name: FREE, size: Math.max(0, device.usable - device.reserved), colour: "free" },
    { name: RESERVE, size: reserve, colour: "reserve" },
    { name: OTHERS, size: device.strangers, colour: "stranger" },
  ].filter(({ size }) => size > 0);
}

const memoryName = ({ kind }) => (kind === "cpu" ? "Memory" : "GPU memory");

function drawMemory(node, worker) {
  const parts = shares(worker);
  const said = parts.map(({ name, size }) => `${name} ${bytes(size)}`).join(", ");
  const { device } = worker;
  node.setAttribute("aria-label", `${memoryName(device)}: ${bytes(device.reserved)} of ${bytes(device.total)} reserved for models; ${said}`);
  node.replaceChildren(...parts.map(({ name, size, colour }) => {
    const block = h("span", { class: colour, title: `${name}, ${bytes(size)}` });
    block.style.flexGrow = String(size);
    return block;
  }));
}

// Who has reserved what

function rows(worker) {
  const residents = new Map(worker.residents.map((item) => [item.residency, item]));
  return shares(worker).concat(worker.residents.filter((item) => !item.bytes).map((item) => ({ name: item.residency, size: 0, colour: colourOf(item.residency) })))
    .map((share) => ({ id: share.name, ...share, resident: residents.get(share.name) }));
}

function makeRow({ name, resident }, worker, answer) {
  const control = (self) => order(answer, () => api.control(modelOf(name), self.dataset.action, worker));
  return h("li", {},
    h("span", { class: "swatch" }),
    h("span", { class: "name" }, name),
    h("span", { class: "size" }),
    resident && h("span", { class: "note" }),
    resident && h("span", { class: "actions" },
      button("Pin", "pin", control, `Pin ${name} on ${worker}`),
      button("Unload", "unload", control, `Unload ${name} from ${worker}`)));
}

function fillRow(node, { name, size, colour, resident }) {
  node.querySelector(".swatch").className = `swatch ${colour}`;
  say(node.querySelector(".size"), bytes(size));
  if (!resident) return;
  const idle = resident.state === "idle" && resident.idle_s ? ` for ${duration(resident.idle_s)}` : "";
  const done = resident.jobs_done && `${resident.jobs_done} ${resident.jobs_done === 1 ? "job" : "jobs"} done`;
  const process = resident.pid && `process ${resident.pid}`;
  say(node.querySelector(".note"), [resident.pinned && "pinned", `${resident.state}${idle}`, done, process].filter(Boolean).join(", "));
  const [pin, unload] = node.querySelectorAll("button");
  set(pin, resident.pinned ? "unpin" : "pin", resident.pinned ? "Unpin" : "Pin");
  pin.setAttribute("aria-pressed", String(resident.pinned));
  pin.disabled = !modelOf(name);
  unload.disabled = !modelOf(name) || resident.state === "stopping";
}

// A runner may serve a whole family; any of its models names it.
const modelOf = (residency) => models.find((model) => model.learned?.residency === residency)?.id;

// What is worked on

function makeLease({ id }) {
  return h("li", {}, h("a", { href: `#job=${id}` }), h("span", { class: "note" }));
}

function fillLease(node, lease) {
  const job = store.find(lease.id);
  say(node.firstChild, job ? nameOf(job) : lease.id);
  const state = lease.running_s === null
    ? `${lease.stage === "waiting" ? "next" : words(lease.stage)}, waits for ${duration(lease.held_s)}`
    : `${words(lease.stage)} ${percent(lease.fraction)}, runs for ${duration(lease.running_s)}`;
  const ending = lease.ending && `is asked to end: ${lease.ending}`;
  say(node.lastChild, ` ${[lease.model, state, lease.attempt > 1 && `attempt ${lease.attempt}`, ending].filter(Boolean).join(", ")}`);
}

function numbers({ device }) {
  return [
    [memoryName(device), bytes(device.total)], ["For models", bytes(device.usable)], ["Reserved", bytes(device.reserved)],
    [device.kind === "cpu" ? "Processor" : "GPU", device.utilisation === null ? "" : `${percent(device.utilisation)} busy`],
    ["Temperature", device.temperature_c === null ? "" : `${Math.round(device.temperature_c)} °C`],
    ["Power", device.power_w === null ? "" : `${Math.round(device.power_w)} W`],
  ];
}

// What can be done

function fillActions(node, worker) {
  const [load, other] = node.querySelectorAll("button");
  const isLost = worker.liveness === "lost";
  const there = new Set(worker.residents.map((item) => item.residency));
  const able = models.filter((model) => model.devices.includes(worker.device.kind) && !there.has(model.learned?.residency));
  const choice = node.querySelector("select");
  keep(choice, able, (model) => h("option", { value: model.id }, `${model.id}, ${bytes(model.learned?.memory_bytes ?? model.memory_bytes)}`), () => {});
  node.querySelector(".loading").hidden = isLost || !able.length;
  const needsResume = worker.draining || Boolean(worker.quarantined);
  load.disabled = needsResume;
  if (isLost) set(other, "forget", "Forget");
  else set(other, needsResume ? "resume" : "drain", needsResume ? "Resume" : "Drain");
  other.setAttribute("aria-label", `${other.textContent} ${worker.id}`);
}

function button(text, action, onclick, label) {
  return h("button", { type: "button", data: { action }, "aria-label": label, onclick: (event) => onclick(event.currentTarget) }, text);
}

function set(self, action, text) {
  self.dataset.action = action;
  say(self, text);
}

async function order(place, ask) {
  place.classList.remove("error");
  try {
    const done = await ask();
    say(place, done.workers.map(({ detail }) => [done.model, detail].filter(Boolean).join(" ")).join("; "));
  } catch (error) {
    place.classList.add("error");
    say(place, [error.message, error.suggestion].filter((text, at) => text && (at === 0 || !error.message.includes(text))).join(". "));
  }
}
