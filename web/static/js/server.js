// The operator's view: what is going on as a whole, why jobs wait, and who decides.

import { api } from "./api.js";
import { drawDevices, learnModels } from "./devices.js";
import { $, bytes, duration, h, keep, say, title, words } from "./dom.js";
import { drawFailed, drawOpen } from "./queue.js";
import { isFinal } from "./job.js";
import * as store from "./store.js";

const PAUSE_MS = 500; // between two looks at the whole

let status = null;
let isAsking = false;
let askAgain = false;
let redraw = 0;

const isHidden = () => $("server").hidden;

store.listen((news) => {
  if (isHidden()) return;
  drawJobs();
  if (news.some((job) => job.gone || isFinal(job))) ask();
  // A job's name may have come after the device that works on it.
  redraw ||= setTimeout(() => {
    redraw = 0;
    if (status) drawDevices(status.workers);
  }, PAUSE_MS);
});

export function showServer() {
  ask();
  drawJobs();
  learnModels();
  api.jobs({ status: "failed", limit: 20 }).then((page) => page.jobs.forEach(store.put), () => {});
}

export function hearSystem(event) {
  if (event.type === "system.telemetry" && status) {
    status.workers = event.workers;
    if (!isHidden()) drawDevices(status.workers);
  }
  if (event.type === "system.queue" && !isHidden()) ask();
  if (event.type === "system.catalogue" && !isHidden()) learnModels();
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
    drawDevices(status.workers);
    drawWaiting();
    drawBrokers();
  } catch {
    // The line in the header says that the server does not answer.
  }
  setTimeout(() => {
    isAsking = false;
    if (askAgain) ask();
    askAgain = false;
  }, PAUSE_MS);
}

function drawJobs() {
  drawOpen();
  drawFailed();
}

function drawOverview() {
  const { queue, system, broker } = status;
  const trouble = !broker.answers
    ? "The broker does not answer. Jobs are accepted and kept; they start when it is back."
    : status.store.fault && `The store of records: ${status.store.fault}. Running jobs go on; their results are kept until it is back.`;
  $("trouble").hidden = !trouble;
  say($("trouble"), trouble || "");
  const tiles = [
    ["waiting", queue.pending_jobs], ["running", queue.processing_jobs], ["completed", queue.completed_jobs],
    ["failed", queue.failed_jobs], ["cancelled", queue.cancelled_jobs], ["disk free", bytes(system.disk.free)],
  ];
  keep($("overview"), tiles.map(([id, value]) => ({ id, value: String(value) })),
    ({ id }) => h("div", { class: "tile" }, h("dt", {}, title(id)), h("dd")),
    (node, { value }) => say(node.lastChild, value));
}

// Why jobs wait

function drawWaiting() {
  const { reasons, by_feature, by_owner, by_priority } = status.waiting;
  const owners = Object.entries(by_owner);
  const priorities = Object.entries(by_priority).sort(([a], [b]) => b - a);
  const parts = [
    ["Why", reasons.map((one) => [one.reason, one.jobs, one.models.join(", ")])],
    ["For what", Object.entries(by_feature).map(([name, count]) => [title(name), count])],
    ["Whose", owners.some(([name]) => name) ? owners.map(([name, count]) => [name || "nobody's", count]) : []],
    ["How urgent", priorities.length > 1 ? priorities.map(([name, count]) => [`priority ${name}`, count]) : []],
  ].filter(([, rows]) => rows.length);
  $("waiting-section").hidden = !parts.length;
  keep($("waiting"), parts.map(([id, rows]) => ({ id, rows })), makeCounts, fillCounts);
}

function makeCounts({ id }) {
  return h("div", { class: "panel counts" }, h("h3", {}, id), h("ul"));
}

function fillCounts(node, { rows }) {
  keep(node.lastChild, rows.map(([id, count, note]) => ({ id, count, note })),
    ({ id }) => h("li", {}, h("span", { class: "count" }), h("span", {}, words(id), h("span", { class: "note" }))),
    (row, { count, note }) => {
      say(row.firstChild, String(count));
      say(row.querySelector(".note"), note ? ` ${note}` : "");
    });
}

// Who decides

function drawBrokers() {
  keep($("brokers"), status.brokers.map((broker) => ({ id: broker.owner, ...broker })),
    ({ id }) => h("li", {}, h("span", { class: "badge" }), h("span", { class: "owner" }, id), h("span", { class: "note" })),
    (node, broker) => {
      node.firstChild.classList.toggle("good", broker.leads);
      say(node.firstChild, broker.leads ? `leads, generation ${broker.generation}` : "stands by");
      say(node.lastChild, `heard ${duration(broker.seen_s)} ago`);
    });
  $("brokers-section").hidden = !status.brokers.length;
}
