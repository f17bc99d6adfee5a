// The operator's side: what is going on as a whole, and the views below it, of which one is shown.

import { api } from "../api.js";
import { $, bytes, h, keep, say, title } from "../dom.js";
import { isFinal } from "../job.js";
import * as store from "../store.js";
import { hasAccounts, may } from "../session.js";
import * as accounts from "./accounts.js";
import * as configuration from "./configuration.js";
import * as devices from "./devices.js";
import * as failed from "./failed.js";
import * as log from "./log.js";
import * as models from "./models.js";
import * as processes from "./processes.js";
import * as queue from "./queue.js";

const PAUSE_MS = 500; // between two looks at the whole
const LATEST_MS = 3000; // while anything happens

// Each view makes its element once, is told when it is shown, and draws the whole picture whenever it is known anew.
const VIEWS = { devices, queue, failed, models, processes, log, configuration, accounts };

const made = new Map();
let status = null;
let shown = "";
let askedAt = 0;
let isAsking = false;
let askAgain = false;

export const isServer = (hash) => /^#server(\/|$)/.test(hash);

export function showServer(hash) {
  const wanted = hash.split("/")[1] ?? "devices";
  if (!made.size) makeViews();
  shown = made.has(wanted) ? wanted : "devices";
  for (const [name, { link, place }] of made) {
    place.hidden = name !== shown;
    if (name === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  VIEWS[shown].show?.();
  if (status) draw();
  ask();
}

export function hideServer() {
  shown = "";
}

export function hearSystem(event) {
  if (!shown) return;
  if (event.type === "system.telemetry" && status) {
    const before = leasesOf(status.workers);
    status.workers = event.workers;
    VIEWS[shown].draw(status);
    // Something began or ended; or perhaps between two looks at the leases.
    if (before !== leasesOf(status.workers) || performance.now() - askedAt > LATEST_MS) ask();
  }
  if (event.type === "system.queue") ask();
  VIEWS[shown].hear?.(event, status);
}

store.listen((news) => {
  if (shown && news.some((job) => job.gone || isFinal(job))) ask();
});

const leasesOf = (workers) => workers.flatMap(({ leases }) => leases.map(({ id }) => id)).join();

// What was changed from here is seen at once and not with the next news.
document.addEventListener("look-again", ask);

function makeViews() {
  for (const [name, view] of Object.entries(VIEWS)) {
    if (view === accounts && !(hasAccounts() && may("admin"))) continue;
    const link = h("a", { href: name === "devices" ? "#server" : `#server/${name}` }, view.TITLE, h("span", { class: "count" }));
    const place = h("section", { class: "operator-view", "aria-label": view.TITLE, hidden: true }, h("h2", { class: "unseen" }, view.TITLE));
    view.make(place);
    made.set(name, { link, place });
    $("server-views").append(link);
    $("server-view").append(place);
  }
}

async function ask() {
  if (isAsking) {
    askAgain = true;
    return;
  }
  isAsking = true;
  askedAt = performance.now();
  try {
    status = await api.system();
    if (shown) draw();
  } catch {
    // The line in the header says that the server does not answer.
  }
  setTimeout(() => {
    isAsking = false;
    if (askAgain) ask();
    askAgain = false;
  }, PAUSE_MS);
}

function draw() {
  drawOverview();
  for (const [name, count] of [["queue", status.queue.pending_jobs + status.queue.processing_jobs], ["failed", status.queue.failed_jobs]]) {
    say(made.get(name).link.lastChild, count ? count.toLocaleString() : "");
  }
  VIEWS[shown].draw(status);
}

function drawOverview() {
  const { queue: counts, system, broker } = status;
  const trouble = !broker.answers
    ? "The broker does not answer. Jobs are accepted and kept; they start when it is back."
    : status.store.fault && `The store of records: ${status.store.fault}. Running jobs go on; their results are kept until it is back.`;
  $("trouble").hidden = !trouble;
  say($("trouble"), trouble || "");
  const tiles = [
    ["waiting", counts.pending_jobs], ["running", counts.processing_jobs], ["completed", counts.completed_jobs],
    ["failed", counts.failed_jobs], ["cancelled", counts.cancelled_jobs], ["disk free", bytes(system.disk.free)],
  ];
  keep($("overview"), tiles.map(([id, value]) => ({ id, value: value.toLocaleString() })),
    ({ id }) => h("div", { class: "tile" }, h("dt", {}, title(id)), h("dd")),
    (node, { value }) => say(node.lastChild, value));
}
