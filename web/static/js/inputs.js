// The files that a job begins from: dropped, chosen, pasted, or taken from another job's result.

import { upload } from "./api.js";
import { $, bytes, h, title } from "./dom.js";

const LABELS = {
  source_image: "Picture before",
  target_image: "Picture after",
  texture_image: "Picture for the colours",
  mask_image: "Where, as a white area in a picture",
  mask: "Where, as a mesh around it",
};
const MESH = /\.(glb|gltf|obj|ply|stl|off|fbx|usdz?|3mf)$/i;

let given = {}; // input name -> {file, preview, sent, upload} or {job, output, label, picture}
let tell = () => {}; // called with what went wrong, or with null when a new file has come

export const isMesh = (file) => MESH.test(file.name);
export const has = (name) => name in given;
export const labelOf = (name) => LABELS[name] ?? title(name);
export const zoneInput = (name) => document.querySelector(`.zone[data-input="${name}"] input`);

export function startInputs(onTrouble) {
  tell = onTrouble;
}

// A zone for each input that is a file. What was given before under the same name stays given.
export function drawZones(place, inputs, note = "") {
  place.replaceChildren(...Object.entries(inputs).map(([name, { formats }]) => drawZone(name, formats, note)));
  Object.keys(inputs).forEach(drawFace);
}

export function forgetAllBut(names) {
  for (const name of Object.keys(given)) if (!names.includes(name)) remove(name);
}

export function take(name, file) {
  remove(name);
  const item = { file, preview: URL.createObjectURL(file), sent: 0 };
  given[name] = item;
  tell(null);
  // The file travels while its owner still thinks about the settings.
  item.upload = upload(file, (sent) => {
    item.sent = sent;
    const meter = document.querySelector(`.zone[data-input="${name}"] progress`);
    if (meter && given[name] === item) meter.value = sent;
  });
  item.upload.then(
    () => {
      item.sent = 1;
      drawFace(name);
    },
    (error) => {
      if (given[name] !== item) return;
      remove(name);
      tell(error);
    },
  );
  drawFace(name);
}

export function takeOutput(name, output) {
  remove(name);
  given[name] = output;
  drawFace(name);
}

export function remove(name) {
  if (given[name]?.preview) URL.revokeObjectURL(given[name].preview);
  delete given[name];
  drawFace(name);
}

// What the API wants to read, once every file has arrived.
export async function references(names) {
  const found = {};
  for (const name of names.filter(has)) {
    const item = given[name];
    found[name] = item.job ? { job: item.job, output: item.output } : { upload: (await item.upload).file_id };
  }
  return found;
}

// The name of the job whose result is used: what is made of it keeps that name.
export const inherited = () => Object.values(given).find((item) => item.job)?.label;

function drawZone(name, formats, note) {
  const id = `input-${name}`;
  const accept = formats.map((format) => `.${format}`).join(",");
  const input = h("input", { type: "file", id, accept, "aria-describedby": `${id}-formats`, onchange: () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (file) take(name, file);
  } });
  const zone = h("div", { class: "zone", data: { input: name, formats: formats.join(" ") } }, h("div", { class: "face" }), input);
  zone.addEventListener("dragover", () => zone.classList.add("over"));
  for (const end of ["dragleave", "drop"]) zone.addEventListener(end, () => zone.classList.remove("over"));
  return h("div", { class: "field" }, h("label", { for: id }, labelOf(name), note && h("span", { class: "help" }, ` ${note}`)), zone);
}

function drawFace(name) {
  const zone = document.querySelector(`.zone[data-input="${name}"]`);
  if (!zone) return;
  const item = given[name];
  zone.classList.toggle("filled", !!item);
  zone.querySelector(".face").replaceChildren(...(item ? drawGiven(name, item) : drawWish(name, zone.dataset.formats)));
}

function drawWish(name, formats) {
  return [
    h("p", { class: "wish" }, "Drop a file, or ", h("span", {}, "choose one")),
    h("p", { class: "note", id: `input-${name}-formats` }, formats.split(" ").join(", ")),
  ];
}

function drawGiven(name, item) {
  const label = item.label ?? item.file.name;
  const picture = item.job ? item.picture : item.file.type.startsWith("image/") && item.preview;
  const image = picture && h("img", { src: picture, alt: "" });
  if (image) image.addEventListener("error", () => image.remove()); // a format that the browser does not know
  return [
    image,
    h("p", { class: "name", id: `input-${name}-formats` }, label, h("span", { class: "note" }, item.job ? " from your jobs" : ` ${bytes(item.file.size)}`)),
    item.sent < 1 && h("progress", { max: 1, value: item.sent, "aria-label": "Upload" }),
    h("button", { type: "button", class: "remove", "aria-label": `Remove ${label}`, onclick: () => {
      remove(name);
      zoneInput(name)?.focus();
    } }, "Remove"),
  ].filter(Boolean);
}

// Files dropped or pasted anywhere on the page; `place(file, zone)` finds them an input.
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

  function placeAll(files, zone) {
    if (!files.length) return;
    place(files[0], zone);
    if (files.length > 1) tell(new Error(`One file at a time: only ${files[0].name} was taken.`));
  }
}
