// The files that a job begins from: dropped, chosen, pasted, or taken from another job's result. Several files in one
// input are several jobs.

import { Refused, upload } from "./api.js";
import { $, bytes, h, title } from "./dom.js";
import { combinations } from "./offers.js";

const LABELS = {
  image: "Picture",
  source_image: "Picture before",
  target_image: "Picture after",
  texture_image: "Picture for the colours",
  mask_image: "Where, as a white area in a picture",
  mask: "Where, as a mesh around it",
};

// What was given stays given while another feature is looked at that has no such input.
const given = new Map(); // input name -> [{file, preview, sent, upload} or {job, output, format, url, label, picture}]
let tell = () => {}; // called with what went wrong, or with null when a new file has come
let changed = () => {}; // called when there are other files than before

export const formatOf = (file) => file.name.split(".").pop().toLowerCase();
export const all = (name) => given.get(name) ?? [];
export const has = (name) => given.has(name);
export const labelOf = (name) => LABELS[name] ?? title(name);
export const zoneInput = (name) => zone(name)?.querySelector("input");
export const shown = () => [...given.keys()].filter(zone);
export const formats = (names) => names.flatMap(all).map((item) => item.format);
const zone = (name) => document.querySelector(`.zone[data-input="${name}"]`);

export function startInputs({ onTrouble, onChange }) {
  tell = onTrouble;
  changed = onChange;
}

// A zone for each input that is a file. What was given before under the same name stays given.
export function drawZones(place, inputs, note = "") {
  place.replaceChildren(...Object.entries(inputs).map(([name, { formats: known }]) => drawZone(name, known, note)));
  Object.keys(inputs).forEach(drawFace);
}

export function forgetAllBut(names) {
  for (const name of given.keys()) if (!names.includes(name)) clear(name);
}

// What was given under these names, which have nothing then.
export function lift(names) {
  const items = names.flatMap(all);
  names.forEach((name) => given.delete(name));
  return items;
}

export function put(name, items) {
  clear(name);
  given.set(name, items);
  drawFace(name);
  changed(name);
}

// `files` are what the input has from now on.
export function take(name, files) {
  clear(name);
  add(name, files);
}

export function add(name, files) {
  given.set(name, [...all(name), ...files.map((file) => ({ file, format: formatOf(file), preview: URL.createObjectURL(file), sent: 0 }))]);
  // The files travel while their owner still thinks about the settings, one after the other.
  all(name).forEach((item) => item.upload ?? send(name, item));
  tell(null);
  drawFace(name);
  changed(name);
}

export function takeOutput(name, output) {
  put(name, [output]);
  tell(null);
}

let last = Promise.resolve();

function send(name, item) {
  const start = () => (all(name).includes(item) ? upload(item.file, (sent) => {
    item.sent = sent;
    drawSent(name);
  }) : Promise.reject(new Error("It was taken away.")));
  item.upload = last.then(start, start);
  last = item.upload.catch(() => {});
  item.upload.then(
    () => {
      item.sent = 1;
      drawFace(name);
    },
    (error) => {
      if (!all(name).includes(item)) return;
      // What the server refuses it will refuse again; what broke off is sent again with the job.
      if (error instanceof Refused) {
        remove(name, item);
        error.message = `${item.file.name}: ${error.message}`;
      } else item.upload = null;
      tell(error);
    },
  );
}

function clear(name) {
  for (const item of all(name)) if (item.preview) URL.revokeObjectURL(item.preview);
  given.delete(name);
}

export function remove(name, item) {
  const rest = all(name).filter((other) => other !== item);
  if (item.preview) URL.revokeObjectURL(item.preview);
  if (rest.length) given.set(name, rest);
  else given.delete(name);
  drawFace(name);
  changed(name);
}

// How many jobs the files make.
export const count = (names) => combinations(names.filter(has).map(all)).length;

// What the API wants to read, for each job, once every file has arrived; and the name that what is made of it keeps.
export async function references(names) {
  const used = names.filter(has);
  const found = [];
  for (const items of combinations(used.map(all))) {
    const inputs = {};
    for (const [at, name] of used.entries()) inputs[name] = await reference(name, items[at]);
    found.push({ inputs, label: items.find((item) => item.job)?.label });
  }
  return found;
}

async function reference(name, item) {
  if (item.job) return { job: item.job, output: item.output };
  if (!item.upload) send(name, item);
  return { upload: (await item.upload).file_id };
}

function drawZone(name, known, note) {
  const id = `input-${name}`;
  const accept = known.map((format) => `.${format}`).join(",");
  const input = h("input", { type: "file", id, accept, multiple: true, "aria-describedby": `${id}-formats`, onchange: () => {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again
    if (files.length) take(name, files);
  } });
  const node = h("div", { class: "zone", data: { input: name, formats: known.join(" ") } }, h("div", { class: "face" }), input);
  node.addEventListener("dragover", () => node.classList.add("over"));
  for (const end of ["dragleave", "drop"]) node.addEventListener(end, () => node.classList.remove("over"));
  return h("div", { class: "field" }, h("label", { for: id }, labelOf(name), note && h("span", { class: "help" }, ` ${note}`)), node);
}

function drawFace(name) {
  const node = zone(name);
  if (!node) return;
  const items = all(name);
  const had = node.contains(document.activeElement) && document.activeElement.matches(".remove");
  node.classList.toggle("filled", items.length > 0);
  node.classList.toggle("many", items.length > 1);
  node.querySelector(".face").replaceChildren(...(items.length ? items.flatMap((item) => drawGiven(name, item, items)) : drawWish(name, node.dataset.formats)));
  if (had) zoneInput(name).focus(); // the button that had it is gone
  drawSent(name);
}

function drawSent(name) {
  const items = all(name);
  const meter = zone(name)?.querySelector("progress");
  if (!meter) return;
  meter.value = items.reduce((sum, item) => sum + (item.job ? 1 : item.sent), 0) / items.length;
  meter.hidden = meter.value >= 1;
}

function drawWish(name, known) {
  return [
    h("p", { class: "wish" }, "Drop a file, or ", h("span", {}, "choose one")),
    h("p", { class: "note", id: `input-${name}-formats` }, `${known.split(" ").join(", ")}; several make a job each`),
  ];
}

function drawGiven(name, item, items) {
  const label = item.label ?? item.file.name;
  const isMany = items.length > 1;
  const picture = item.job ? item.picture : item.file.type.startsWith("image/") && item.preview;
  const image = picture && h("img", { src: picture, alt: isMany ? label : "" });
  if (image) image.addEventListener("error", () => image.remove()); // a format that the browser does not know
  const forget = h("button", { type: "button", class: "remove", "aria-label": `Remove ${label}`, onclick: () => remove(name, item) }, isMany ? "×" : "Remove");
  const isLast = item === items.at(-1);
  const meter = isLast && h("progress", { max: 1, hidden: true, "aria-label": "Upload" });
  if (isMany) {
    return [h("div", { class: "one", title: label }, image || h("span", { class: "name" }, label), forget),
      isLast && h("p", { class: "note total", id: `input-${name}-formats` }, `${items.length} files, a job for each`), meter].filter(Boolean);
  }
  return [
    image,
    h("p", { class: "name", id: `input-${name}-formats` }, label, h("span", { class: "note" }, item.job ? " from your jobs" : ` ${bytes(item.file.size)}`)),
    meter,
    forget,
  ].filter(Boolean);
}

// Files dropped or pasted anywhere on the page; `place(files, zone)` finds them inputs.
export function listenToDrops(place) {
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0;
  const enter = (change) => {
    depth = Math.max(0, depth + change);
    $("drop").hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => carries(event) && enter(1));
  addEventListener("dragleave", (event) => carries(event) && enter(-1));
  addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    enter(-depth);
    placeAll(event.dataTransfer.files, event.target.closest?.(".zone")?.dataset.input);
  });
  addEventListener("paste", (event) => placeAll(event.clipboardData?.files ?? []));

  function placeAll(files, name) {
    if (files.length) place([...files], name);
  }
}
