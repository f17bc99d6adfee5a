// Everybody's jobs that run or wait: where and how far, or why; to be moved, ended, and ended by the owner.

import { api } from "../api.js";
import { titleOf } from "../catalogue.js";
import { about, duration, h, keep, say } from "../dom.js";
import { answerTo, button, makeAnswer } from "../orders.js";
import { hasOwners, learnOwners, ownerName } from "./owners.js";
import { choice, confirmed, offer } from "./parts.js";
import { leaseState } from "./devices.js";
import { Windowed } from "./windowed.js";

export const TITLE = "Queue";

const ORDERS = [["place", "by turn"], ["age", "by age"], ["owner", "by owner"], ["model", "by model"], ["feature", "by what is made"]];
const EVERYBODY = "*";
const TYPING_MS = 200;
const AGAIN_MS = 1000; // between two looks at the queue, however fast it moves

const fields = {};
let answer, waiting, running, runningNote, note, reasons, all, list;
let status = null;
let isDue = false, isResting = false;

export function make(place) {
  answer = makeAnswer();
  fields.words = h("input", { type: "search", "aria-label": "Find in the queue", placeholder: "Find", oninput: later });
  fields.owner = choice("Whose", restart);
  fields.model = choice("Model", restart);
  fields.order = choice("Order", restart);
  fields.reverse = button("Last first", (self) => {
    self.setAttribute("aria-pressed", String(self.getAttribute("aria-pressed") !== "true"));
    restart();
  }, { "aria-pressed": "false" });
  all = button("Cancel all", endAll, { class: "danger" });
  offer(fields.order, ORDERS);
  reasons = h("ul", { class: "reasons", "aria-label": "Why jobs wait" });
  running = h("ul", { class: "panel runs", "aria-label": "Jobs that run" });
  runningNote = h("p", { class: "note" });
  note = h("p", { class: "note", role: "status" });
  const rows = h("div", { class: "rows", role: "rowgroup" });
  waiting = h("div", { class: "panel waits", role: "table", tabindex: "0", "aria-label": "Jobs that wait" },
    h("div", { class: "heads", role: "rowgroup" }, h("div", { role: "row" }, ...["Job", "Whose", "Why it waits", "Age", "Ready", "Priority", "Action"].map((name) =>
      h("span", { role: "columnheader" }, name)))),
    rows);
  place.append(
    h("h3", {}, "Running"), running, runningNote,
    h("div", { class: "heading" }, h("h3", {}, "Waiting"), note), reasons,
    h("div", { class: "toolbar", role: "search" }, fields.words, fields.owner, fields.model, fields.order, fields.reverse, all),
    answer, waiting);
  list = new Windowed({
    place: waiting, rows, make: makeRow, fill: fillRow, ask,
    rowHeight: () => parseFloat(getComputedStyle(waiting).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize),
    onTotal(total) {
      waiting.ariaRowCount = String(total);
      waiting.hidden = !total;
      say(note, total ? `${total.toLocaleString()} ${total === 1 ? "job" : "jobs"}` : isNarrowed() ? "No job that waits matches." : "Nothing waits.");
    },
  });
}

export async function show() {
  restart();
  await learnOwners();
  if (status) draw(status);
}

export function hear(event) {
  if (event.type === "system.queue") again();
}

export function draw(seen) {
  status = seen;
  drawRunning();
  drawChoices();
  keep(reasons, seen.waiting.reasons.map(({ reason, jobs, models }) => ({ id: reason, jobs, models })),
    ({ id }) => h("li", {}, h("b"), h("span", {}, ` × ${id}`), h("span", { class: "note" })),
    (node, { jobs, models }) => {
      say(node.firstChild, jobs.toLocaleString());
      say(node.lastChild, ` ${models.slice(0, 4).join(", ")}${models.length > 4 ? ` and ${models.length - 4} more` : ""}`);
    });
  reasons.hidden = seen.waiting.reasons.length < 1;
  if (list.total !== seen.queue.pending_jobs && !isNarrowed()) again();
}

// What runs

function drawRunning() {
  // Those of workers that have not come back yet are told by the whole picture alone.
  const there = new Set(status.workers.map(({ id }) => id));
  const known = [...status.workers.flatMap((worker) => worker.leases), ...status.waiting.running.filter(({ worker }) => !there.has(worker))];
  say(runningNote, known.length ? "" : "Nothing runs.");
  running.hidden = !known.length;
  keep(running, known, makeRunning, fillRunning);
}

function makeRunning(lease) {
  return h("li", {},
    h("a", { href: `#job=${lease.id}` }), h("span", { class: "note what" }), h("span", { class: "where" }),
    h("progress", { max: 1, "aria-label": `Progress of ${lease.name}` }), ending(lease));
}

function fillRunning(node, lease) {
  const [name, what, where, bar, end] = node.children;
  say(name, lease.name || lease.id);
  say(what, [titleOf(lease.feature), lease.model, hasOwners() && ownerName(lease.owner)].filter(Boolean).join(", "));
  say(where, `${lease.worker}: ${leaseState(lease)}`);
  bar.hidden = lease.running_s === null;
  bar.value = lease.fraction;
  end.disabled = Boolean(lease.ending);
}

const ending = (job) => button("Cancel", (self) => {
  self.disabled = true;
  answerTo(answer, () => api.cancel(job.id), (gone) => `${job.name}: ${gone.status === "cancelled" ? "cancelled" : "is asked to end"}`).then((isDone) => {
    self.disabled = isDone;
    refresh();
  });
}, { "aria-label": `Cancel ${job.name}` });

// What waits

function drawChoices() {
  const owners = jobsByOwner();
  offer(fields.owner, [[EVERYBODY, "everybody's"], ...owners.map(([id, count]) => [id, `${ownerName(id)} (${count.toLocaleString()})`])]);
  const models = new Set(status.waiting.reasons.flatMap((one) => one.models));
  if (fields.model.value) models.add(fields.model.value);
  offer(fields.model, [["", "all models"], ...[...models].sort().map((name) => [name, name])]);
  const isShared = hasOwners() || owners.length > 1;
  fields.owner.hidden = !isShared;
  waiting.classList.toggle("is-shared", isShared);
  const count = owners.filter(([id]) => fields.owner.value === EVERYBODY || id === fields.owner.value).reduce((sum, [, jobs]) => sum + jobs, 0);
  all.hidden = fields.owner.value === EVERYBODY && owners.length !== 1;
  all.disabled = !count;
  say(all, hasOwners() ? `Cancel all of ${ownerName(chosenOwner())}` : "Cancel all");
}

// How many jobs of each owner wait or run.
function jobsByOwner() {
  const found = new Map(Object.entries(status.waiting.by_owner));
  for (const { owner } of status.waiting.running) found.set(owner, (found.get(owner) ?? 0) + 1);
  return [...found];
}

// With one owner only, there is nothing to choose.
const chosenOwner = () => (fields.owner.value === EVERYBODY ? jobsByOwner()[0]?.[0] ?? "" : fields.owner.value);

const isNarrowed = () => Boolean(fields.words.value || fields.model.value || (fields.owner.value && fields.owner.value !== EVERYBODY));

function ask(offset, limit) {
  const query = { offset, limit, order: fields.order.value || "place", reverse: fields.reverse.getAttribute("aria-pressed") };
  if (fields.words.value) query.words = fields.words.value;
  if (fields.model.value) query.model = fields.model.value;
  if (fields.owner.value && fields.owner.value !== EVERYBODY) query.owner = fields.owner.value;
  return api.queue(query);
}

function makeRow({ job }) {
  if (!job) return h("div", { role: "row", class: "unknown" }, h("span", { role: "cell" }, "…"));
  const priority = h("select", { "aria-label": `Priority of ${job.name}`, onchange: () => move(job, Number(priority.value)) },
    ...Array.from({ length: 10 }, (_, at) => h("option", { value: String(9 - at) }, String(9 - at))));
  return h("div", { role: "row" },
    h("span", { role: "rowheader" }, h("a", { href: `#job=${job.id}` }, job.name), h("span", { class: "note" }, `${titleOf(job.feature)}, ${job.model}`)),
    h("span", { role: "cell", class: "owner" }),
    h("span", { role: "cell", class: "why" }), h("span", { role: "cell", class: "age" }), h("span", { role: "cell", class: "ready" }),
    h("span", { role: "cell", class: "priority" }, priority,
      button("Up", (self) => move(job, Math.min(9, Number(priority.value) + 1), self), { "aria-label": `Move up ${job.name}` })),
    h("span", { role: "cell", class: "do" }, ending(job)));
}

function fillRow(node, { job }) {
  if (!job) return;
  const { estimated_start_s: start_s, estimated_done_s: done_s, reason } = job.queue;
  const part = (name) => node.querySelector(name);
  say(part(".owner"), ownerName(job.owner));
  say(part(".why"), [reason, start_s >= 1 && `starts in ${about(start_s)}`, job.attempt > 0 && `attempt ${job.attempt + 1}`].filter(Boolean).join("; "));
  say(part(".age"), duration(Math.max(0, (Date.now() - new Date(job.created_at)) / 1000)));
  say(part(".ready"), done_s === null ? "not known" : `in ${about(done_s)}`);
  const select = part("select");
  if (document.activeElement !== select) select.value = String(job.priority);
  part(".priority button").disabled = job.priority >= 9;
}

function move(job, priority) {
  answerTo(answer, () => api.move(job.id, priority), (moved) => `${job.name}: priority ${moved.priority}`).then(refresh);
}

async function endAll() {
  const owner = chosenOwner(), whose = hasOwners() ? ` of ${ownerName(owner)}` : "";
  const running = status.waiting.running.filter((lease) => lease.owner === owner).length;
  const too = h("input", { type: "checkbox", id: "running-too" });
  const waits = status.waiting.by_owner[owner] ?? 0;
  const question = waits ? `End ${waits.toLocaleString()} jobs${whose} that wait?` : `End ${running} jobs${whose} that run?`;
  const sure = await confirmed(question, "End them",
    waits > 0 && running > 0 && h("div", { class: "field row check" }, too, h("label", { for: "running-too" }, `and ${running} that run`)));
  if (!sure) return;
  say(answer, "They are being ended; of thousands that takes some seconds.");
  await answerTo(answer, () => api.endAll({ owner, waiting_only: waits > 0 && !too.checked }), (done) => `${done.cancelled.toLocaleString()} jobs${whose} were ended`);
  refresh();
}

// Looking again

let typing = 0;
function later() {
  clearTimeout(typing);
  typing = setTimeout(restart, TYPING_MS);
}

function restart() {
  if (status) drawChoices();
  list.restart();
}

function refresh() {
  list.refresh();
  document.dispatchEvent(new Event("look-again"));
}

async function again() {
  if (isResting) {
    isDue = true;
    return;
  }
  isResting = true;
  if (waiting.checkVisibility() || !list.total) await list.refresh();
  setTimeout(() => {
    isResting = false;
    if (isDue) {
      isDue = false;
      again();
    }
  }, AGAIN_MS);
}
