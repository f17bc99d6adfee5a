// The operator's lists of jobs: those that run or wait, with where or why, and those that failed, with the evidence.

import { api } from "./api.js";
import { $, h, keep, say, title, words } from "./dom.js";
import { drawEvidence } from "./facts.js";
import { clock, forecast, nameOf, reasonOf, stateOf } from "./job.js";
import * as store from "./store.js";

const SHOWN = 100; // rows of the queue, at most

export function drawOpen() {
  const open = store.open().sort((a, b) => rank(a) - rank(b) || (a.created_at < b.created_at ? -1 : 1));
  keep($("open-jobs"), open.slice(0, SHOWN), makeRow, fillRow);
  $("open").hidden = !open.length;
  say($("open-note"), !open.length ? "Nothing runs, nothing waits." : open.length > SHOWN ? `and ${open.length - SHOWN} more` : "");
}

export function drawFailed() {
  const failed = store.known().filter((job) => job.status === "failed").sort((a, b) => (a.finished_at < b.finished_at ? 1 : -1)).slice(0, 20);
  keep($("failed"), failed, makeFailed, () => {});
  say($("failed-note"), failed.length ? "" : "Nothing has failed.");
}

const rank = (job) => (job.status === "processing" ? -1 : job.queue?.position ?? 1e9);

function makeRow(job) {
  return h("tr", { role: "row" },
    h("th", { scope: "row", role: "rowheader" }, h("a", { href: `#job=${job.id}` }, nameOf(job)), h("span", { class: "note" }, `${words(job.feature)}, ${job.model}`)),
    h("td", { role: "cell" }, h("span", { class: "state" }), h("progress", { max: 1, "aria-label": `Progress of ${nameOf(job)}` })),
    h("td", { class: "where", role: "cell" }),
    h("td", { role: "cell" }, h("button", { type: "button", "aria-label": `Cancel ${nameOf(job)}`, onclick: () => api.cancel(job.id).then(store.put, () => {}) }, "Cancel")));
}

function fillRow(row, job) {
  const isWaiting = job.status === "queued", isNext = !isWaiting && job.stage === "waiting";
  say(row.querySelector(".state"), isWaiting ? forecast(job) : isNext ? "next" : stateOf(job));
  say(row.querySelector(".where"), isWaiting ? reasonOf(job) : [job.worker, !isNext && job.progress.message].filter(Boolean).join(": "));
  const bar = row.querySelector("progress");
  bar.hidden = isWaiting || isNext;
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
