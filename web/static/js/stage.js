// The middle of the page: one job, from waiting to a mesh that can be turned around.

import { api } from "./api.js";
import { $, bytes, duration, h, title, words } from "./dom.js";
import { nameOf, stateOf } from "./shelf.js";
import * as store from "./store.js";

let shownId = null;
let drawn = ""; // what the view shows now; while it stays the same only texts change

export const current = () => shownId;

export function startStage() {
  store.listen((job) => {
    if (job.id !== shownId) return;
    if (job.gone) hide();
    else draw(job);
  });
}

export function show(id) {
  shownId = id;
  drawn = "";
  $("empty").hidden = true;
  $("shown").hidden = false;
  document.dispatchEvent(new Event("shown"));
  const job = store.find(id);
  if (job) draw(job);
}

function hide() {
  shownId = null;
  $("shown").hidden = true;
  $("empty").hidden = false;
}

function draw(job) {
  const what = `${job.id} ${job.status}`;
  if (what !== drawn) {
    drawn = what;
    $("shown").replaceChildren(drawView(job), drawFacts(job));
  }
  const bar = $("shown").querySelector(".wait progress");
  if (bar) {
    if (job.status === "queued") bar.removeAttribute("value");
    else bar.value = job.progress.fraction;
    $("shown").querySelector(".wait .state").textContent = [stateOf(job), job.progress.message].filter(Boolean).join(" · ");
    $("shown").querySelector(".wait .why").textContent = job.status === "queued" ? (job.queue?.reason ?? "") : "";
    const preview = $("shown").querySelector(".wait .preview");
    if (job.progress.preview_url) {
      preview.hidden = false;
      preview.src = `${job.progress.preview_url}?step=${job.progress.step}`;
    }
  }
}

function drawView(job) {
  const main = job.outputs.find((out) => out.role === "model");
  if (job.status === "completed" && main?.format === "glb") return drawMesh(job, main);
  const picture = job.outputs.find((out) => out.role === "thumbnail");
  if (job.status === "completed" && picture) return h("div", { class: "view" }, h("img", { src: picture.url, alt: `Rendering of ${nameOf(job)}` }));
  if (store.isFinal(job)) return h("div", { class: "view" }, h("div", { class: "wait" }, h("p", { class: `lead state is-${job.status}` }, title(job.status))));
  const input = Object.values(job.inputs).find((item) => item.url && /image/.test(item.content_type));
  return h("div", { class: "view" },
    h("div", { class: "wait" },
      h("img", { class: "preview", src: input?.url, hidden: !input, alt: "" }),
      h("p", { class: "lead state", role: "status" }),
      h("progress", { max: 1, "aria-label": "progress" }),
      h("p", { class: "note why" })));
}

function drawMesh(job, main) {
  customElements.get("model-viewer") ?? import("/static/vendor/model-viewer@4.4.0/model-viewer.min.js");
  const poster = job.outputs.find((out) => out.role === "thumbnail")?.url;
  const viewer = h("model-viewer", {
    src: main.url, alt: `3D model of ${nameOf(job)}`, "camera-controls": true, "auto-rotate": !matchMedia("(prefers-reduced-motion: reduce)").matches,
    "shadow-intensity": "0.9", "tone-mapping": "neutral", "environment-image": "neutral", poster, "interaction-prompt": "none", "touch-action": "pan-y",
  });
  const turn = h("button", { type: "button", "aria-pressed": "true", onclick: () => {
    viewer.autoRotate = !viewer.autoRotate;
    turn.setAttribute("aria-pressed", String(viewer.autoRotate));
    turn.textContent = viewer.autoRotate ? "Stop turning" : "Turn";
  } }, "Stop turning");
  const home = h("button", { type: "button", onclick: () => { viewer.cameraOrbit = "auto auto auto"; viewer.resetTurntableRotation(0); } }, "Front");
  return h("div", { class: "view" }, viewer, h("div", { class: "corner" }, home, turn));
}

function drawFacts(job) {
  const main = job.outputs.find((out) => out.role === "model");
  return h("div", { class: "facts" },
    h("header", {}, h("h2", {}, nameOf(job)), h("span", { class: "note" }, `${words(job.feature)} · ${job.model}`)),
    ...job.warnings.map((line) => h("p", { class: "warning" }, line)),
    main && drawNumbers(job, main),
    job.error && drawError(job.error),
    drawActions(job, main));
}

function drawNumbers(job, main) {
  const stats = main.stats;
  const rows = [
    ["Triangles", stats.triangles?.toLocaleString()], ["Vertices", stats.vertices?.toLocaleString()],
    ["Closed", stats.watertight === undefined ? undefined : stats.watertight ? "yes" : "no"],
    ["Size", bytes(main.bytes)], ["Made in", duration(job.timings.running_s)], ["Seed", job.params.seed],
  ];
  return h("dl", { class: "numbers" }, ...rows.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}

function drawError(error) {
  return h("div", {}, h("p", { class: "state is-failed" }, error.message), error.suggestion && h("p", {}, error.suggestion),
    error.log_tail && h("details", {}, h("summary", {}, "What the model printed"), h("pre", { class: "log", tabindex: "0" }, error.log_tail)));
}

function drawActions(job, main) {
  if (!store.isFinal(job)) {
    return h("div", { class: "actions" }, h("button", { type: "button", onclick: (event) => { event.target.disabled = true; api.cancel(job.id).then(store.put, () => { event.target.disabled = false; }); } }, "Cancel"));
  }
  const again = h("button", { type: "button", onclick: () => api.retry(job.id).then((made) => { store.put(made); show(made.id); }, tellRefusal) }, "Again with another seed");
  const others = job.outputs.filter((out) => out !== main && out.role !== "thumbnail");
  return h("div", { class: "actions" },
    main && h("a", { class: "button main", href: main.url, download: main.name }, `Download ${main.format.toUpperCase()}`),
    ...others.map((out) => h("a", { class: "button", href: out.url, download: out.name }, `${title(out.role)}: ${out.name}`)),
    main && h("button", { type: "button", onclick: () => document.dispatchEvent(new CustomEvent("use-output", { detail: { job: job.id, output: main.name, label: nameOf(job) } })) }, "Use as input"),
    job.urls.retry && again,
    h("button", { type: "button", class: "quiet", onclick: () => api.remove(job.id).then(() => store.drop(job.id), tellRefusal) }, "Delete"),
    h("p", { class: "complaint", role: "alert", hidden: true }));
}

function tellRefusal(error) {
  const place = $("shown").querySelector(".actions .complaint");
  place.hidden = false;
  place.textContent = error.message;
}
