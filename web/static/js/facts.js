// What is known of one job, and what can be done with it.

import { api } from "./api.js";
import { $, bytes, duration, h, list, percent, title, words } from "./dom.js";
import { isFinal, mainOutput, nameOf } from "./job.js";
import { show } from "./stage.js";
import * as store from "./store.js";

const KNOWN = ["triangles", "vertices", "width", "height", "depth", "watertight", "texture_size", "textures", "uv_coverage", "area", "volume", "parts"];

export function drawFacts(job) {
  const main = mainOutput(job);
  return h("div", { class: "facts" },
    h("header", {}, h("h2", {}, nameOf(job)), h("p", { class: "note" }, `${title(job.feature)} by ${job.model}`)),
    ...job.warnings.map((line) => h("p", { class: "warning" }, title(line))),
    main && h("dl", { class: "numbers" }, ...list(numbers(job, main))),
    drawActions(job, main),
    drawFiles(job, main),
    h("p", { class: "complaint", role: "alert", hidden: true }),
    job.error && drawEvidence(job),
    drawPairs("What it did", told(job.info)),
    drawPairs("Settings used", told(job.params)));
}

function numbers(job, main) {
  const stats = main.stats;
  const others = Object.entries(stats).filter(([name]) => !KNOWN.includes(name));
  const sides = [stats.width, stats.height, stats.depth].every((side) => side !== undefined);
  return [
    ["Triangles", stats.triangles?.toLocaleString()],
    ["Vertices", stats.vertices?.toLocaleString()],
    ["Size", sides && [stats.width, stats.height, stats.depth].map((side) => Number(side.toPrecision(2))).join(" × ") + " m"],
    ["Closed", stats.watertight === undefined ? undefined : stats.watertight ? "yes" : "no"],
    ["Texture", stats.texture_size?.replace("x", " × ")],
    ["Texture used", stats.uv_coverage === undefined ? undefined : percent(stats.uv_coverage)],
    ["Pieces", stats.parts?.toLocaleString()], // that hang together; the parts of a segmentation are told by its model
    ...told(Object.fromEntries(others)),
    ["File", bytes(main.bytes)],
    ["Made in", duration(job.timings.running_s)],
  ].filter(([, value]) => value);
}

function spoken(value) {
  if (typeof value === "number") return value.toLocaleString(undefined, { maximumSignificantDigits: Number.isInteger(value) ? 21 : 3 });
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.map(spoken).join(", ") : words(value);
}

// Names and values for people. One level of nesting is told too; what lies deeper is left to the API.
function told(values, isInner = false) {
  return Object.entries(values).flatMap(([name, value]) => {
    const isTree = value !== null && typeof value === "object" && !Array.isArray(value);
    if (isTree) return isInner ? [] : told(value, true);
    const isPlain = !Array.isArray(value) || value.every((item) => typeof item !== "object");
    return isPlain ? [[title(name), spoken(value ?? "")]] : [];
  });
}

function drawActions(job, main) {
  if (!isFinal(job)) return h("div", { class: "actions" }, button("Cancel", (self) => stop(job, self)));
  const way = job.status !== "completed" ? "Try again" : "seed" in job.params ? "Another seed" : "Make again";
  return h("div", { class: "actions" },
    main && h("a", { class: "button main", href: main.url, download: main.name }, `Download ${main.format.toUpperCase()}`),
    main && button("Use as input", () => document.dispatchEvent(new CustomEvent("use-output", { detail: { job: job.id, output: main.name, label: nameOf(job), picture: job.urls.thumbnail } }))),
    button(way, () => again(job)),
    drawDelete(job));
}

// Parts, textures, drawings: by the names of the files, for a job may have many of one kind.
function drawFiles(job, main) {
  const files = job.outputs.filter((out) => out !== main);
  if (!files.length) return "";
  return h("details", { class: "files" }, h("summary", {}, files.length === 1 ? "1 more file" : `${files.length} more files`),
    h("div", { class: "actions" }, ...files.map((out) => h("a", { class: "button", href: out.url, download: out.name, title: `${out.name}, ${bytes(out.bytes)}` }, fileLabel(out)))));
}

const fileLabel = ({ name, format }) => `${title(name.replace(/\.[^.]*$/, ""))} ${format.toUpperCase()}`;

function button(text, onclick, more = {}) {
  return h("button", { type: "button", onclick: (event) => onclick(event.currentTarget), ...more }, text);
}

async function stop(job, self) {
  self.disabled = true;
  try {
    store.put(await api.cancel(job.id));
  } catch (error) {
    self.disabled = false;
    complain(error);
  }
}

async function again(job) {
  try {
    const made = await api.retry(job.id);
    store.put(made);
    show(made.id);
  } catch (error) {
    complain(error);
  }
}

// Asked once more, in place: what is deleted does not come back.
function drawDelete(job) {
  let isSure = false;
  const self = button("Delete", async () => {
    if (!isSure) {
      isSure = true;
      self.textContent = "Delete for ever";
      self.classList.add("danger");
      return;
    }
    try {
      await api.remove(job.id);
      store.drop(job.id);
    } catch (error) {
      complain(error);
    }
  }, { class: "quiet" });
  self.addEventListener("blur", () => {
    isSure = false;
    self.textContent = "Delete";
    self.classList.remove("danger");
  });
  return self;
}

export function drawEvidence(job) {
  const stories = job.failures.length ? job.failures : [job.error];
  return h("div", { class: "evidence" },
    ...stories.map((story, at) => h("details", { open: at === stories.length - 1 },
      h("summary", {}, `Attempt ${story.attempt}: ${words(story.code)}`),
      story.message !== job.error.message && h("p", {}, story.message),
      h("pre", { class: "log", tabindex: "0", role: "region", "aria-label": `What the model printed in attempt ${story.attempt}` }, story.log_tail || "The model printed nothing."))));
}

function drawPairs(name, pairs) {
  const entries = list(pairs);
  return entries.length ? h("details", { class: "used" }, h("summary", {}, name), h("dl", { class: "numbers" }, ...entries)) : "";
}

function complain(error) {
  const place = $("shown").querySelector(".complaint");
  place.hidden = false;
  place.textContent = error.message;
}
