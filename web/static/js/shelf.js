// The list of jobs, newest first, each with its state as it changes; searched, filtered, and read on from the server as
// it is scrolled. Of a thousand jobs only those in sight are drawn: the others are empty rows of the same height.

import { api } from "./api.js";
import * as catalogue from "./catalogue.js";
import { $, h, say } from "./dom.js";
import { brief, clock, isFinal, nameOf, pictureOf } from "./job.js";
import { matches } from "./search.js";
import { current, show } from "./stage.js";
import * as store from "./store.js";

const PAGE = 50;
const TYPING_MS = 250;
const AT_ONCE = 12; // so many from the top are drawn before the browser says that they are in sight

const rows = new Map(); // id -> its row
const order = []; // the rows from top to bottom
const near = new Set(); // those in sight, or almost
let wanted = { text: "", status: "", feature: "" };
let next = null; // what to ask for next of those that are sought; null where there are no more
let reading = null; // what is asked for now; an answer to something older is not for us
let typing = 0;
const sight = new IntersectionObserver(([seen]) => seen.isIntersecting && more());
const approach = new IntersectionObserver(look, { rootMargin: "300px", scrollMargin: "300px" });

export async function startShelf(firstPage) {
  store.listen((news) => {
    news.forEach(place);
    count();
  });
  $("more").addEventListener("click", more);
  $("search").addEventListener("input", search);
  for (const id of ["by-status", "by-feature"]) $(id).addEventListener("change", search);
  catalogue.once(() => {
    for (const row of near) fill(row, store.find(row.dataset.id)); // it is known now what each is called
    $("by-feature").append(...catalogue.allFeatures().map(({ name, title }) => h("option", { value: name }, title)));
  });
  document.addEventListener("shown", () => {
    for (const row of near) mark(row);
  });
  remember(await firstPage);
  const running = store.open().find((job) => job.status === "processing");
  if (running && !current() && !location.hash) show(running.id);
}

// The job that stands `step` rows below the shown one; above it, where `step` is negative.
export function walk(step) {
  const shown = order.filter((row) => !row.hidden);
  const at = shown.findIndex((row) => row.dataset.id === current());
  const other = shown[at < 0 ? 0 : at + step];
  if (!other) return;
  show(other.dataset.id);
  other.scrollIntoView({ block: "nearest" });
}

function remember(page) {
  next = page.next_cursor ? { cursor: page.next_cursor } : null;
  $("more").hidden = !next;
  count();
  // Looked at anew, because a page without anything that is looked for moves nothing.
  sight.unobserve($("more"));
  if (next) sight.observe($("more"));
}

async function more() {
  if (!reading && next) await read(next);
}

async function read(from) {
  const { status, feature, text } = wanted;
  const ours = reading = {};
  try {
    const page = await api.jobs({ limit: PAGE, ...from, ...(status && { status }), ...(feature && { feature }), ...(text.trim() && { words: text.trim() }) });
    page.jobs.forEach(store.put);
    if (reading !== ours) return;
    reading = null;
    remember(page);
  } catch {
    if (reading !== ours) return;
    reading = null;
    [next, $("more").hidden] = [from, false]; // to try again
  }
}

function search() {
  const before = wanted;
  wanted = { text: $("search").value, status: $("by-status").value, feature: $("by-feature").value };
  for (const [id, row] of rows) row.hidden = !matches(store.find(id), wanted);
  clearTimeout(typing);
  reading = {}; // what is under way was asked for before
  $("more").hidden = true;
  typing = setTimeout(read, before.text === wanted.text ? 0 : TYPING_MS, {});
  count();
}

function place(job) {
  let row = rows.get(job.id);
  if (job.gone) {
    if (!row) return;
    row.remove();
    approach.unobserve(row);
    near.delete(row);
    rows.delete(job.id);
    order.splice(order.indexOf(row), 1);
    return;
  }
  if (!row) {
    row = h("li", { data: { id: job.id, at: job.created_at } });
    rows.set(job.id, row);
    const at = placeOf(job.created_at);
    $("jobs").insertBefore(row, order[at] ?? null);
    order.splice(at, 0, row);
    if (at < AT_ONCE) near.add(row);
    approach.observe(row);
  }
  row.hidden = !matches(job, wanted);
  if (near.has(row)) fill(row, job);
}

// How many rows are newer.
function placeOf(created_at) {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order[middle].dataset.at < created_at) high = middle;
    else low = middle + 1;
  }
  return low;
}

function look(seen) {
  for (const { target, isIntersecting } of seen) {
    if (isIntersecting) near.add(target);
    else near.delete(target);
    const job = store.find(target.dataset.id);
    if (isIntersecting && job) fill(target, job);
  }
}

function draw(row, job) {
  const open = h("button", { class: "open", type: "button", onclick: () => show(job.id) },
    h("span", { class: "title" }, nameOf(job)), h("span", { class: "state" }));
  const cancel = h("button", { class: "cancel", type: "button", "aria-label": `Cancel ${nameOf(job)}`, onclick: () => api.cancel(job.id).then(store.put, () => {}) }, "Cancel");
  row.append(
    h("div", { class: "thumb", data: { glyph: Object.values(job.inputs).some((item) => item.text) ? "“" : "◇" } }), open, h("time", { datetime: job.created_at }, clock(job.created_at)), cancel,
    h("progress", { max: 1, "aria-label": `Progress of ${nameOf(job)}` }));
}

function fill(row, job) {
  if (!row.firstChild) draw(row, job);
  row.className = `is-${job.status}`;
  mark(row);
  say(row.querySelector(".state"), brief(job));
  const bar = row.querySelector("progress");
  bar.hidden = job.status !== "processing";
  bar.value = job.progress.fraction;
  const cancel = row.querySelector(".cancel");
  cancel.hidden = isFinal(job);
  cancel.disabled = job.stage === "cancelling";
  row.querySelector("time").hidden = !cancel.hidden;
  fillThumb(row.querySelector(".thumb"), job);
}

function mark(row) {
  const isCurrent = row.dataset.id === current();
  row.classList.toggle("current", isCurrent);
  row.querySelector(".open")?.setAttribute("aria-pressed", String(isCurrent));
}

function fillThumb(place, job) {
  if (job.isLost) return place.replaceChildren();
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
  const isAnyShown = order.some((row) => !row.hidden);
  $("shelf-empty").hidden = isAnyShown;
  say($("shelf-empty"), !isAsked ? "What you make will be kept here." : reading || next ? "Looking through older ones…" : "No job is like that.");
  $("finding").hidden = !rows.size && !isAsked;
}
