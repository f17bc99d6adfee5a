// The list of jobs, newest first, each with its state as it changes; searched, filtered, and read on from the server as it is scrolled.

import { api } from "./api.js";
import * as catalogue from "./catalogue.js";
import { $, h, say } from "./dom.js";
import { clock, isFinal, nameOf, pictureOf, stateOf } from "./job.js";
import { matches } from "./search.js";
import { current, show } from "./stage.js";
import * as store from "./store.js";

const PAGE = 50;

const rows = new Map();
let wanted = { text: "", status: "", feature: "" };
let cursor = "";
let reading = null; // what is asked for now; an answer to something older is not for us
const sight = new IntersectionObserver(([seen]) => seen.isIntersecting && more());

export async function startShelf(firstPage) {
  store.listen((news) => {
    news.forEach(place);
    count();
  });
  $("more").addEventListener("click", more);
  $("search").addEventListener("input", search);
  for (const id of ["by-status", "by-feature"]) $(id).addEventListener("change", search);
  catalogue.once(() => $("by-feature").append(...catalogue.allFeatures().map(({ name, title }) => h("option", { value: name }, title))));
  document.addEventListener("shown", () => {
    for (const [id, row] of rows) mark(row, id);
  });
  remember(await firstPage);
  const running = store.open().find((job) => job.status === "processing");
  if (running && !current() && !location.hash) show(running.id);
}

// The job that stands `step` rows below the shown one; above it, where `step` is negative.
export function walk(step) {
  const shown = [...$("jobs").children].filter((row) => !row.hidden);
  const at = shown.findIndex((row) => row.dataset.id === current());
  const next = shown[at < 0 ? 0 : at + step];
  if (!next) return;
  show(next.dataset.id);
  next.scrollIntoView({ block: "nearest" });
}

function remember(page) {
  cursor = page.next_cursor ?? "";
  $("more").hidden = !cursor;
  count();
  // Looked at anew, because a page without anything that is looked for moves nothing.
  sight.unobserve($("more"));
  if (cursor) sight.observe($("more"));
}

// The server knows of states and features; words are looked for here.
async function more() {
  if (reading || !cursor) return;
  await read({ cursor });
}

async function read(from) {
  const { status, feature } = wanted;
  const ours = reading = {};
  try {
    const page = await api.jobs({ limit: PAGE, ...from, ...(status && { status }), ...(feature && { feature }) });
    page.jobs.forEach(store.put);
    if (reading !== ours) return;
    reading = null;
    remember(page);
  } catch {
    if (reading === ours) reading = null; // the button stays, to try again
  }
}

function search() {
  const before = wanted;
  wanted = { text: $("search").value, status: $("by-status").value, feature: $("by-feature").value };
  for (const [id, row] of rows) row.hidden = !matches(store.find(id), wanted);
  if (before.status !== wanted.status || before.feature !== wanted.feature) read({});
  else remember({ next_cursor: cursor });
  count();
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
  row.hidden = !matches(job, wanted);
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
  const url = pictureOf(job);
  const path = url?.split("?")[0]; // what follows is a signature, which is another one each time
  if (!url || place.dataset.path === path) return;
  place.dataset.path = path;
  const image = h("img", { src: url, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove()); // its file has expired
  place.replaceChildren(image);
}

function count() {
  const open = store.open();
  const waiting = open.filter((job) => job.status === "queued").length;
  say($("queue"), open.length ? `${open.length - waiting} running, ${waiting} waiting` : "");
  const isAsked = Object.values(wanted).some(Boolean);
  const isAnyShown = [...rows.values()].some((row) => !row.hidden);
  $("shelf-empty").hidden = isAnyShown;
  say($("shelf-empty"), !isAsked ? "What you make will be kept here." : cursor ? "Looking through older ones…" : "No job is like that.");
  $("finding").hidden = !rows.size && !isAsked;
}
