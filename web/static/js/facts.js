// What is known of one job.

import { drawActions } from "./actions.js";
import { drawFiles, drawNext } from "./artefacts.js";
import * as catalogue from "./catalogue.js";
import { drawCode } from "./code.js";
import { duration, h, list, percent, say, title, words } from "./dom.js";
import { clock, mainOutput, nameOf } from "./job.js";
import { labelOf } from "./parameters.js";
import { canCompare } from "./viewer.js";

const KNOWN = ["triangles", "vertices", "width", "height", "depth", "watertight", "texture_size", "textures", "uv_coverage", "area", "volume", "parts"];

export function drawFacts(job) {
  const main = mainOutput(job);
  const by = h("p", { class: "note" });
  catalogue.once(() => say(by, `${catalogue.titleOf(job.feature)} with ${job.model}, ${clock(job.created_at)}`));
  return h("div", { class: "facts" },
    h("header", {}, h("h2", {}, nameOf(job)), by),
    ...job.warnings.map((line) => h("p", { class: "warning" }, title(line))),
    drawActions(job, main),
    h("p", { class: "complaint", role: "alert", hidden: true }),
    main && job.status === "completed" && drawNext(job, main),
    main && h("dl", { class: "numbers" }, ...list(numbers(job, main))),
    (job.error?.log_tail || job.failures.length > 1) && drawEvidence(job),
    main?.format === "glb" && job.inputs.mesh && !canCompare(job) && h("p", { class: "note" }, `There is no before and after of it: that needs a GLB on both sides, and it was made from ${job.inputs.mesh.filename}.`),
    drawFiles(job),
    drawPairs("What it did", told(job.info)),
    drawPairs("Settings used", told(job.params, catalogue.modelNamed(job.model)?.schema?.properties)),
    drawCode(job));
}

function numbers(job, main) {
  const stats = main.stats;
  const others = Object.entries(stats).filter(([name]) => !KNOWN.includes(name));
  const sides = [stats.width, stats.height, stats.depth].every((side) => side !== undefined);
  return [
    ["Triangles", stats.triangles?.toLocaleString()],
    ["Vertices", stats.vertices?.toLocaleString()],
    ["Width × height × depth", sides && [stats.width, stats.height, stats.depth].map((side) => Number(side.toPrecision(3))).join(" × ") + " m"],
    ["Watertight", stats.watertight === undefined ? undefined : stats.watertight ? "yes" : "no"],
    ["Texture", stats.texture_size?.replace("x", " × ")],
    ["UV", stats.uv_coverage === undefined ? stats.triangles && "none" : `${percent(stats.uv_coverage)} of the square`],
    ["Pieces", stats.parts?.toLocaleString()], // that hang together; the parts of a segmentation are told by its model
    ...told(Object.fromEntries(others)),
    ["Made in", duration(job.timings.running_s)],
  ].filter(([, value]) => value);
}

function spoken(value) {
  if (typeof value === "number") return value.toLocaleString(undefined, { maximumSignificantDigits: Number.isInteger(value) ? 21 : 3 });
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.map(spoken).join(", ") : words(value);
}

// Names and values for people. One level of nesting is told too; what lies deeper is left to the API.
function told(values, fields = {}, isInner = false) {
  return Object.entries(values).flatMap(([name, value]) => {
    const isTree = value !== null && typeof value === "object" && !Array.isArray(value);
    if (isTree) return isInner ? [] : told(value, {}, true);
    const isPlain = !Array.isArray(value) || value.every((item) => typeof item !== "object");
    return isPlain ? [[labelOf(name, fields[name]), spoken(value ?? "")]] : [];
  });
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
