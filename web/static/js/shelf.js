// The list of jobs, newest first, each with its state as it changes.

import { api } from "./api.js";
import { $, duration, h, title, words } from "./dom.js";
import { current, show } from "./stage.js";
import * as store from "./store.js";

const rows = new Map();
let cursor = "";

export async function startShelf(firstPage) {
  store.listen(place);
  $("more").addEventListener("click", more);
  remember(await firstPage);
  if (!current() && store.known().some((job) => job.status === "processing")) {
    show(store.known().find((job) => job.status === "processing").id);
  }
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
  count();
}

function makeRow(job) {
  const open = h("button", { class: "open", type: "button", onclick: () => show(job.id) }, h("span", { class: "title" }), h("span", { class: "state" }), h("progress", { max: 1, "aria-label": "progress" }));
  const cancel = h("button", { class: "cancel", type: "button", onclick: () => api.cancel(job.id).then(store.put, () => {}) }, "Cancel");
  return h("li", { data: { id: job.id, at: job.created_at } }, h("div", { class: "thumb" }), open, cancel);
}

function fill(row, job) {
  row.className = `is-${job.status}${current() === job.id ? " current" : ""}`;
  const name = nameOf(job);
  row.querySelector(".title").textContent = name;
  row.querySelector(".state").textContent = stateOf(job);
  const bar = row.querySelector("progress");
  bar.hidden = job.status !== "processing";
  bar.value = job.progress.fraction;
  const cancel = row.querySelector(".cancel");
  cancel.hidden = store.isFinal(job);
  cancel.disabled = job.stage === "cancelling";
  cancel.setAttribute("aria-label", `Cancel ${name}`);
  fillThumb(row.querySelector(".thumb"), job);
}

function fillThumb(place, job) {
  const input = Object.values(job.inputs).find((item) => item.url && /image/.test(item.content_type));
  const url = job.urls.thumbnail ?? input?.url;
  if (url && place.dataset.url !== url) {
    place.dataset.url = url;
    const picture = h("img", { class: "thumb", src: url, alt: "", loading: "lazy", width: "52", height: "52" });
    picture.addEventListener("error", () => picture.remove());
    place.replaceChildren(picture);
  }
}

export function nameOf(job) {
  const spoken = Object.values(job.inputs).find((item) => item.text)?.text;
  const file = Object.values(job.inputs).find((item) => item.filename)?.filename;
  return spoken ?? file ?? title(job.feature);
}

export function stateOf(job) {
  if (job.status === "completed") return `${words(job.feature)}, ${duration(job.timings.running_s)}`;
  if (job.status === "failed") return job.error?.message ?? "failed";
  if (job.status === "cancelled") return "cancelled";
  if (job.status === "processing") return `${words(job.stage)} ${Math.round(job.progress.fraction * 100)} %`;
  const queue = job.queue;
  if (!queue) return "waiting";
  const start = queue.estimated_start_s;
  return `${queue.position ? `${queue.position} before it` : "next"}${start ? `, in about ${duration(start)}` : ""}`;
}

function count() {
  const open = store.known().filter((job) => !store.isFinal(job));
  const waiting = open.filter((job) => job.status === "queued").length;
  $("queue").textContent = open.length ? `${open.length - waiting} running, ${waiting} waiting` : "";
}

document.addEventListener("shown", () => {
  for (const [id, row] of rows) row.classList.toggle("current", id === current());
});
