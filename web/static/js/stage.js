// The middle of the page: one job, from waiting to a mesh that can be turned around.

import { $, h, percent, say, title } from "./dom.js";
import { drawFacts } from "./facts.js";
import { forecast, isFinal, mainOutput, nameOf, picture, reasonOf, stageOf, stateOf, thumbnail } from "./job.js";
import * as store from "./store.js";
import { drawMesh } from "./viewer.js";

let shownId = null;
let drawn = ""; // what the view shows now; while it stays the same only texts change

export const current = () => shownId;

export function startStage() {
  $("put-away").addEventListener("click", hide);
  store.listen((news) => {
    for (const job of news) {
      if (job.id !== shownId) continue;
      if (job.gone) tellGone("It was deleted.");
      else draw(job);
    }
  });
}

export function show(id) {
  shownId = id;
  drawn = "";
  $("empty").hidden = true;
  $("shown").hidden = false;
  history.replaceState(null, "", `#job=${id}`);
  tell();
  const job = store.find(id);
  if (job) draw(job);
  $("stage").scrollIntoView({ block: "nearest" });
}

// Something else than a job.
export function present(...nodes) {
  shownId = null;
  drawn = "";
  $("empty").hidden = true;
  $("shown").hidden = false;
  $("shown").replaceChildren(...nodes);
  document.title = "aigc";
  if (location.hash.startsWith("#job=")) history.replaceState(null, "", "#make");
  tell();
}

// Whether the form now asks for something else than what is shown; until something else is shown, or nothing.
export function setEarlier(isSo) {
  const job = store.find(shownId);
  $("earlier").hidden = !isSo || !job;
  if (job) say($("earlier").firstElementChild, `Made before: ${nameOf(job)}. What you ask for now appears here when you make it.`);
}

// There is nothing to show of what was asked for.
export function tellGone(text) {
  present(h("div", { class: "view" }, h("div", { class: "wait" }, h("p", { class: "lead" }, text), h("div", {}, h("button", { type: "button", onclick: hide }, "Begin anew")))));
  say($("news"), text);
}

// The beginning: nothing is shown.
export function hide() {
  shownId = null;
  $("shown").hidden = true;
  $("shown").replaceChildren();
  $("empty").hidden = false;
  document.title = "aigc";
  history.replaceState(null, "", "#make");
  tell();
  $("work").focus({ preventScroll: true }); // the button that had the focus is gone
}

function tell() {
  setEarlier(false);
  document.dispatchEvent(new Event("shown"));
}

function draw(job) {
  const what = `${job.id} ${job.status} ${job.outputs.length}`;
  if (what !== drawn) {
    drawn = what;
    const had = $("shown").contains(document.activeElement);
    $("shown").replaceChildren(drawView(job), drawFacts(job));
    if (had) $("shown").querySelector(".actions a, .actions button")?.focus({ preventScroll: true });
  }
  if (!isFinal(job)) update(job);
  announce(job);
}

function drawView(job) {
  if (isFinal(job)) return drawEnd(job);
  const source = picture(job);
  return h("div", { class: "view" },
    h("div", { class: "wait" },
      h("img", { class: "preview", src: source?.url, hidden: !source, alt: source ? `The picture it is made from: ${source.filename}` : "" }),
      !source && h("blockquote", {}, nameOf(job)),
      h("p", { class: "lead state" }),
      h("progress", { max: 1, "aria-label": `Progress of ${nameOf(job)}` }),
      h("p", { class: "note why" })));
}

function drawEnd(job) {
  const main = mainOutput(job);
  if (job.status === "completed" && main?.format === "glb") return drawMesh(job);
  const drawing = thumbnail(job);
  if (job.status === "completed" && drawing) {
    return h("div", { class: "view drawn" },
      h("img", { class: "rendering", src: drawing.url, alt: `Rendering of ${nameOf(job)}` }),
      !main && h("p", { class: "note still" }, "This is a picture of it: its file was deleted. Make it again, if you need it."),
      main && h("p", { class: "note still" }, `This is a picture of it: the page turns GLB files around, and this is a file in ${main.format.toUpperCase()}. Download it, or press “Change it” and choose GLB as its file format.`));
  }
  const error = job.error;
  return h("div", { class: "view" },
    h("div", { class: `wait is-${job.status}` },
      h("p", { class: "lead state" }, job.status === "failed" ? "It could not be made" : title(job.status)),
      error && h("p", { class: "message" }, title(error.message)),
      error?.suggestion && h("p", { class: "note" }, title(error.suggestion))));
}

function update(job) {
  const wait = $("shown").querySelector(".wait");
  const isWaiting = job.status === "queued";
  const bar = wait.querySelector("progress");
  if (isWaiting || job.stage === "loading_model") bar.removeAttribute("value");
  else bar.value = job.progress.fraction;
  say(wait.querySelector(".state"), title(isWaiting ? forecast(job) : stateOf(job)));
  say(wait.querySelector(".why"), isWaiting ? reasonOf(job) : job.progress.message);
  const url = job.progress.preview_url && `${job.progress.preview_url}${job.progress.preview_url.includes("?") ? "&" : "?"}step=${job.progress.step}`;
  const preview = wait.querySelector(".preview");
  if (url && preview.getAttribute("src") !== url) {
    preview.onerror = () => { preview.hidden = true; }; // the job has ended meanwhile, and its picture with it
    preview.src = url;
    preview.alt = "How it looks so far";
    preview.hidden = false;
  }
}

// A screen reader hears of each stage once; the numbers between are for the eye.
function announce(job) {
  const what = job.status === "processing" ? stageOf(job.stage) : job.status;
  say($("news"), `${nameOf(job)}: ${what}`);
  const part = job.status === "processing" ? `${percent(job.progress.fraction)} ` : "";
  document.title = `${part}${nameOf(job)} – aigc`;
}
