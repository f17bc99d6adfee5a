// The files of a result: each with its size, a download, and where it can be put in again.

import * as catalogue from "./catalogue.js";
import { bytes, h, title } from "./dom.js";
import { nameOf, pictureOf } from "./job.js";
import { followUps } from "./offers.js";

const FEW = 4; // so many files are shown without being asked for

// The next step of the work: a button for each feature that takes what this one made.
export function drawNext(job, main) {
  const place = h("div", { class: "next", role: "group", "aria-label": "Use as input for", hidden: true });
  catalogue.once(() => {
    const next = followUps(catalogue.allFeatures(), main.format);
    place.hidden = !next.length;
    place.replaceChildren(h("span", { class: "note" }, "Use as input for"), ...next.map((feature) =>
      h("button", { type: "button", title: feature.description, onclick: () => use(job, main, feature.name) }, feature.title)));
  });
  return place;
}

// Parts, textures, drawings: by the names of the files, for a job may have many of one kind.
export function drawFiles(job) {
  const size = job.outputs.reduce((sum, file) => sum + file.bytes, 0);
  if (!job.outputs.length) return "";
  const count = job.outputs.length === 1 ? "1 file" : `${job.outputs.length} files`;
  return h("details", { class: "files", open: job.outputs.length <= FEW },
    h("summary", {}, `${count}, ${bytes(size)}`),
    h("ul", {}, ...job.outputs.map((file) => drawFile(job, file))));
}

function drawFile(job, file) {
  const label = title(file.name.replace(/\.[^.]*$/, ""));
  const row = h("li", {},
    h("span", { class: "format" }, file.format.toUpperCase()),
    h("a", { href: file.url, download: file.name, title: `Download ${file.name}` }, label),
    h("span", { class: "note" }, bytes(file.bytes)));
  if (file.role === "part") {
    catalogue.once(() => followUps(catalogue.allFeatures(), file.format).length && row.append(
      h("button", { type: "button", class: "quiet", "aria-label": `Use ${label} as input`, onclick: () => use(job, file) }, "Use")));
  }
  return row;
}

function use(job, file, feature = "") {
  const label = file.role === "model" ? nameOf(job) : `${nameOf(job)}, ${title(file.name.replace(/\.[^.]*$/, ""))}`;
  const detail = { feature, file: { job: job.id, output: file.name, format: file.format, url: file.url, label, picture: file.role === "model" ? pictureOf(job) : undefined } };
  document.dispatchEvent(new CustomEvent("use-output", { detail }));
}
