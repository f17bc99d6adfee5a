// The operator's view: devices and what they hold, what waits and why, what failed.

import { api } from "./api.js";
import { $, bytes, duration, h, keep, list, percent, say, title, words } from "./dom.js";
import { drawEvidence } from "./facts.js";
import { clock, forecast, isFinal, nameOf, reasonOf, stateOf } from "./job.js";
import * as store from "./store.js";

const COLOURS = 8; // the sheet has so many
const SHOWN = 100; // rows of the queue, at most
const PAUSE_MS = 500; // between two looks at the whole

let status = null;
let isAsking = false;
let askAgain = false;

const isHidden = () => $("server").hidden;

store.listen((news) => {
  if (isHidden()) return;
  drawJobs();
  if (news.some((job) => job.gone || isFinal(job))) ask();
});

export function showServer() {
  ask();
  drawJobs();
  api.jobs({ status: "failed", limit: 20 }).then((page) => page.jobs.forEach(store.put), () => {});
}

export function hearSystem(event) {
  if (event.type === "system.telemetry" && status) {
    status.workers = event.workers;
    if (!isHidden()) drawDevices();
  }
  if (event.type === "system.queue" && !isHidden()) ask();
}

async function ask() {
  if (isAsking) {
    askAgain = true;
    return;
  }
  isAsking = true;
  try {
    status = await api.system();
    drawOverview();
    drawDevices();
  } catch {
    // The line in the header says that the server does not answer.
  }
  setTimeout(() => {
    isAsking = false;
    if (askAgain) ask();
    askAgain = false;
  }, PAUSE_MS);
}

function drawOverview() {
  const { queue, system, broker } = status;
  $("trouble").hidden = broker.answers;
  say($("trouble"), broker.answers ? "" : "The broker does not answer. Jobs are accepted and kept; they start when it is back.");
  const tiles = [
    ["waiting", queue.pending_jobs], ["running", queue.processing_jobs], ["completed", queue.completed_jobs],
    ["failed", queue.failed_jobs], ["cancelled", queue.cancelled_jobs], ["disk free", bytes(system.disk.free)],
  ];
  keep($("overview"), tiles.map(([id, value]) => ({ id, value: String(value) })),
    ({ id }) => h("div", { class: "tile" }, h("dt", {}, title(id)), h("dd")),
    (node, { value }) => say(node.lastChild, value));
}

function drawDevices() {
  const workers = status.workers;
  if (workers.length) keep($("devices"), workers, () => h("article", { class: "panel device" }), fillDevice);
  else $("devices").replaceChildren(h("p", { class: "note" }, "No worker is connected. Jobs are kept until one is."));
}

function fillDevice(node, worker) {
  const { device, residents } = worker;
  const what = device.kind === "cpu" ? "Memory" : "GPU memory";
  node.replaceChildren(
    h("header", {}, h("h3", {}, device.name || device.id), h("p", { class: "note" }, `${worker.id} on ${worker.host}`), ...badges(worker)),
    h("div", { class: "memory", role: "img", "aria-label": `${what}: ${bytes(device.reserved)} reserved for models, ${bytes(device.strangers)} used by other programs, of ${bytes(device.total)}` }, ...blocks(device, residents)),
    h("ul", { class: "residents" },
      ...residents.map(drawResident),
      device.strangers > 0 && drawLegend("stranger", "other programs", "", device.strangers),
      drawLegend("free", "free for models", "", Math.max(0, device.usable - device.reserved))),
    h("dl", { class: "numbers" }, ...list([
      [what, bytes(device.total)], ["Of that for models", bytes(device.usable)],
      [device.kind === "cpu" ? "Processor" : "GPU", device.utilisation === null ? "" : `${percent(device.utilisation)} busy`],
      ["Temperature", device.temperature_c === null ? "" : `${Math.round(device.temperature_c)} °C`],
      ["Power", device.power_w === null ? "" : `${Math.round(device.power_w)} W`],
      ["Jobs at once", worker.slots],
    ])));
}

function badges({ liveness, draining, quarantined, device }) {
  return [
    liveness !== "alive" && ["bad", liveness === "lost" ? "lost" : "silent"],
    draining && ["busy", "draining"],
    quarantined && ["bad", `in quarantine: ${quarantined}`],
    !device.healthy && ["bad", device.note || "not healthy"],
  ].filter(Boolean).map(([kind, text]) => h("span", { class: `badge ${kind}` }, text));
}

function blocks(device, residents) {
  const parts = residents.map((item, at) => [`colour-${at % COLOURS}`, item.bytes, item.residency]);
  if (device.strangers) parts.push(["stranger", device.strangers, "other programs"]);
  return parts.map(([kind, size, name]) => {
    const block = h("span", { class: kind, title: `${name}, ${bytes(size)}` });
    block.style.width = `${(100 * size) / (device.total || 1)}%`;
    return block;
  });
}

function drawResident(item, at) {
  const idle = item.state === "idle" && item.idle_s ? ` for ${duration(item.idle_s)}` : "";
  const done = `${item.jobs_done} ${item.jobs_done === 1 ? "job" : "jobs"} done`;
  return drawLegend(`colour-${at % COLOURS}`, item.residency, [`${item.state}${idle}`, item.pinned && "pinned", done].filter(Boolean).join(", "), item.bytes);
}

function drawLegend(colour, name, note, size) {
  return h("li", {}, h("span", { class: `swatch ${colour}` }), h("span", { class: "name" }, name, note && h("span", { class: "note" }, ` ${note}`)), h("span", { class: "size" }, bytes(size)));
}

function drawJobs() {
  const open = store.open().sort((a, b) => rank(a) - rank(b) || (a.created_at < b.created_at ? -1 : 1));
  keep($("open-jobs"), open.slice(0, SHOWN), makeRow, fillRow);
  $("open").hidden = !open.length;
  say($("open-note"), !open.length ? "Nothing runs, nothing waits." : open.length > SHOWN ? `and ${open.length - SHOWN} more` : "");
  const failed = store.known().filter((job) => job.status === "failed").sort((a, b) => (a.finished_at < b.finished_at ? 1 : -1)).slice(0, 20);
  keep($("failed"), failed, makeFailed, () => {});
  say($("failed-note"), failed.length ? "" : "Nothing has failed.");
}

const rank = (job) => (job.status === "processing" ? -1 : job.queue?.position ?? 1e9);

function makeRow(job) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `#job=${job.id}` }, nameOf(job)), h("span", { class: "note" }, `${words(job.feature)}, ${job.model}`)),
    h("td", {}, h("span", { class: "state" }), h("progress", { max: 1, "aria-label": `Progress of ${nameOf(job)}` })),
    h("td", { class: "where" }),
    h("td", {}, h("button", { type: "button", "aria-label": `Cancel ${nameOf(job)}`, onclick: () => api.cancel(job.id).then(store.put, () => {}) }, "Cancel")));
}

function fillRow(row, job) {
  const isWaiting = job.status === "queued";
  say(row.querySelector(".state"), isWaiting ? forecast(job) : stateOf(job));
  say(row.querySelector(".where"), isWaiting ? reasonOf(job) : [job.worker, job.progress.message].filter(Boolean).join(": "));
  const bar = row.querySelector("progress");
  bar.hidden = isWaiting;
  bar.value = job.progress.fraction;
  row.querySelector("button").disabled = job.stage === "cancelling";
}

function makeFailed(job) {
  return h("details", { class: "panel" },
    h("summary", {}, h("span", { class: "message" }, job.error.message), h("span", { class: "note" }, `${words(job.feature)}, ${job.model}, ${clock(job.finished_at)}`)),
    job.error.suggestion && h("p", {}, title(job.error.suggestion)),
    h("p", { class: "note" }, h("a", { href: `#job=${job.id}` }, "Show the job"), ` ${job.id}`),
    drawEvidence(job));
}
