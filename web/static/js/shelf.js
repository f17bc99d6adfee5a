// The list of jobs, newest first, each with its state as it changes.

import { api } from "./api.js";
import { $, h, say } from "./dom.js";
import { clock, isFinal, nameOf, picture, stateOf } from "./job.js";
import { current, show } from "./stage.js";
import * as store from "./store.js";

const rows = new Map();
let cursor = "";

export async function startShelf(firstPage) {
  store.listen((news) => {
    news.forEach(place);
    count();
  });
  $("more").addEventListener("click", more);
  document.addEventListener("shown", () => {
    for (const [id, row] of rows) mark(row, id);
  });
  remember(await firstPage);
  const running = store.open().find((job) => job.status === "processing");
  if (running && !current() && !location.hash) show(running.id);
}

function remember(page) {
  cursor = page.next_cursor ?? "";
  $("more").hidden = !cursor;
}

async function more() {
  const page = await api.jobs({ limit: 50, cursor });
  page.jobs.forEach(store.put);
  remember(page);
}

function place(job) {
  let row = rows.get(job.id);
  if (job.gone) {
    row?.remove();
    rows.delete(job.id);
    return;
  }
  if (!row) {
    row = makeRow(job);
    rows.set(job.id, row);
    const next = [...$("jobs").children].find((other) => other.dataset.at < job.created_at);
    $("jobs").insertBefore(row, next ?? null);
  }
  fill(row, job);
}

function makeRow(job) {
  const open = h("button", { class: "open", type: "button", onclick: () => show(job.id) },
    h("span", { class: "title" }, nameOf(job)), h("span", { class: "state" }));
  const cancel = h("button", { class: "cancel", type: "button", "aria-label": `Cancel ${nameOf(job)}`, onclick: () => api.cancel(job.id).then(store.put, () => {}) }, "Cancel");
  return h("li", { data: { id: job.id, at: job.created_at } },
    h("div", { class: "thumb", data: { glyph: Object.values(job.inputs).some((item) => item.text) ? "“" : "◇" } }), open, h("time", { datetime: job.created_at }, clock(job.created_at)), cancel,
    h("progress", { max: 1, "aria-label": `Progress of ${nameOf(job)}` }));
}

function fill(row, job) {
  row.className = `is-${job.status}`;
  mark(row, job.id);
  say(row.querySelector(".state"), stateOf(job));
  const bar = row.querySelector("progress");
  bar.hidden = job.status !== "processing";
  bar.value = job.progress.fraction;
  const cancel = row.querySelector(".cancel");
  cancel.hidden = isFinal(job);
  cancel.disabled = job.stage === "cancelling";
  row.querySelector("time").hidden = !cancel.hidden;
  fillThumb(row.querySelector(".thumb"), job);
}

function mark(row, id) {
  row.classList.toggle("current", id === current());
  row.querySelector(".open").setAttribute("aria-pressed", String(id === current()));
}

function fillThumb(place, job) {
  const url = job.urls.thumbnail ?? picture(job)?.url;
  if (!url || place.dataset.url === url) return;
  place.dataset.url = url;
  const image = h("img", { src: url, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove()); // its file has expired
  place.replaceChildren(image);
}

function count() {
  const open = store.open();
  const waiting = open.filter((job) => job.status === "queued").length;
  say($("queue"), open.length ? `${open.length - waiting} running, ${waiting} waiting` : "");
  $("shelf-empty").hidden = rows.size > 0;
}
