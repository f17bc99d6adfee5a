// The operator's view: devices and what they hold, what waits and why, what failed.

import { api } from "./api.js";
import { $, bytes, duration, h, title, words } from "./dom.js";
import * as store from "./store.js";
import { nameOf, stateOf } from "./shelf.js";

const COLOURS = ["#4f86c6", "#e0975a", "#5aa469", "#b07cc6", "#c95f6f", "#4fa8a8", "#a8954f", "#7d83d6"];
let status = null;
let started = false;
let asked = false;

export function startServer() {
  ask();
  if (started) return;
  started = true;
  store.listen(drawJobs);
  drawJobs();
}

export function hearSystem(event) {
  if (event.workers && status) {
    status.workers = event.workers;
    if (!$("server").hidden) drawDevices();
  }
  if (event.type === "system.queue" && !$("server").hidden) ask();
}

async function ask() {
  if (asked) return;
  asked = true;
  try {
    status = await api.system();
    drawOverview();
    drawDevices();
  } catch {
    // The line in the header says that the server does not answer.
  } finally {
    asked = false;
  }
}

function drawOverview() {
  const queue = status.queue;
  const tiles = [["waiting", queue.pending_jobs], ["running", queue.processing_jobs], ["completed", queue.completed_jobs], ["failed", queue.failed_jobs], ["workers", status.workers?.length]];
  $("overview").replaceChildren(...tiles.filter(([, count]) => count !== undefined).map(([name, count]) => h("div", { class: "tile" }, h("b", {}, String(count)), name)));
}

function drawDevices() {
  $("devices").replaceChildren(...(status.workers ?? []).map(drawDevice));
  if (!status.workers?.length) $("devices").append(h("p", { class: "note" }, "No worker is connected; jobs wait until one is."));
}

function drawDevice(worker) {
  const device = worker.device;
  const residents = worker.residents ?? [];
  const total = device.total || 1;
  const share = (size) => `${(100 * size) / total}%`;
  const blocks = residents.map((item, at) => block("", share(item.bytes), COLOURS[at % COLOURS.length], `${item.residency}: ${bytes(item.bytes)}`));
  if (device.strangers) blocks.push(block("stranger", share(device.strangers), null, `other programs: ${bytes(device.strangers)}`));
  const facts = [["Utilisation", device.utilisation != null && `${Math.round(device.utilisation * 100)} %`], ["Temperature", device.temperature_c != null && `${Math.round(device.temperature_c)} °C`], ["Power", device.power_w != null && `${Math.round(device.power_w)} W`], ["Reserved", `${bytes(device.reserved ?? 0)} of ${bytes(device.usable ?? 0)}`], ["Total", bytes(total)]];
  return h("article", { class: "panel device" },
    h("header", {}, h("h3", {}, device.name || device.id), h("span", { class: "note" }, [worker.id, worker.liveness !== "alive" && worker.liveness, worker.draining && "draining", worker.quarantined, device.note].filter(Boolean).join(" · "))),
    h("div", { class: "memory", role: "img", "aria-label": `Memory: ${bytes(device.reserved ?? 0)} reserved of ${bytes(total)}` }, ...blocks),
    h("ul", { class: "residents" }, ...residents.map(drawResident), !residents.length && h("li", { class: "note" }, "No model is loaded.")),
    h("dl", { class: "numbers" }, ...facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

function block(kind, width, colour, label) {
  const node = h("span", { class: kind, title: label });
  node.style.width = width;
  if (colour) node.style.background = colour;
  return node;
}

function drawResident(item, at) {
  const swatch = h("span", { class: "swatch" });
  swatch.style.background = COLOURS[at % COLOURS.length];
  const idle = item.state === "idle" && item.idle_s ? ` for ${duration(item.idle_s)}` : "";
  return h("li", {}, swatch, item.residency, h("span", { class: "note" }, `${item.state}${idle}${item.pinned ? ", pinned" : ""}, ${item.jobs_done ?? 0} done`), h("span", { class: "size" }, bytes(item.bytes)));
}

function drawJobs() {
  if ($("server").hidden) return;
  const open = store.known().filter((job) => !store.isFinal(job));
  const body = $("running").querySelector("tbody");
  body.replaceChildren(...open.map(drawRow));
  if (!open.length) body.append(h("tr", {}, h("td", { colspan: "6", class: "note" }, "Nothing waits, nothing runs.")));
  const failed = store.known().filter((job) => job.status === "failed").slice(0, 20);
  $("failed").replaceChildren(...failed.map(drawFailed));
  if (!failed.length) $("failed").append(h("p", { class: "note" }, "Nothing failed among the jobs on this page."));
}

function drawRow(job) {
  const where = job.status === "queued" ? (job.queue?.reason ?? "") : job.worker || "";
  return h("tr", {},
    h("td", {}, nameOf(job).slice(0, 60)), h("td", {}, words(job.feature)), h("td", {}, stateOf(job)),
    h("td", {}, h("progress", { max: 1, value: job.progress.fraction, "aria-label": "progress" })), h("td", {}, where),
    h("td", {}, h("button", { type: "button", "aria-label": `Cancel ${nameOf(job)}`, onclick: () => api.cancel(job.id).then(store.put, () => {}) }, "Cancel")));
}

function drawFailed(job) {
  return h("details", {}, h("summary", {}, `${title(job.feature)}: ${job.error?.message ?? "failed"}`),
    h("p", { class: "note" }, `${job.id} · ${job.model} · ${job.finished_at ?? ""} · attempts: ${job.attempt}`),
    job.error?.suggestion && h("p", {}, job.error.suggestion),
    h("pre", { class: "log", tabindex: "0" }, job.error?.log_tail || "The model printed nothing."));
}
