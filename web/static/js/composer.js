// The form: what one has, what one wants, and the settings of the model, drawn from its schema.

import { api, upload } from "./api.js";
import { $, bytes, h, title } from "./dom.js";
import { draw, read } from "./parameters.js";
import { show } from "./stage.js";
import * as store from "./store.js";

const KINDS = [
  { name: "image", label: "A picture", accept: ".png,.jpg,.jpeg,.webp,.bmp,.tiff,.tga" },
  { name: "text", label: "An idea" },
  { name: "mesh", label: "A mesh", accept: ".glb,.gltf,.obj,.ply,.stl,.off" },
];
const SAMPLES = [
  { file: "robot.png", kind: "image", label: "A robot" },
  { file: "teapot.png", kind: "image", label: "A teapot" },
  { file: "rocket.png", kind: "image", label: "A rocket" },
  { text: "a small red wooden chair with three legs", kind: "text", label: "A red chair" },
];

let features = [];
let models = [];
let given = {}; // input name -> {file, upload: promise of an id} or {job, output, label}

const kindOf = (feature) => ["mesh", "image", "text"].find((kind) => kind in feature.inputs);
const feature = () => features.find((item) => item.name === $("feature").value);
const model = () => models.find((item) => item.id === $("model").value);
const kind = () => document.querySelector("#kinds :checked")?.value;

export async function startComposer() {
  drawKinds();
  drawSamples();
  listenToDrops();
  $("feature").addEventListener("change", chooseFeature);
  $("model").addEventListener("change", chooseModel);
  $("composer").addEventListener("submit", submit);
  $("prompt").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("composer").requestSubmit();
  });
  document.addEventListener("use-output", (event) => useOutput(event.detail));
  for (;;) {
    try {
      [{ features }, { models }] = await Promise.all([api.features(), api.models()]);
      break;
    } catch {
      await new Promise((again) => setTimeout(again, 1500));
    }
  }
  features = features.filter((item) => models.some((candidate) => candidate.feature === item.name));
  chooseKind();
}

function drawKinds() {
  $("kinds").replaceChildren(
    ...KINDS.map(({ name, label }, at) =>
      h("label", {}, h("input", { type: "radio", name: "kind", value: name, checked: at === 0, onchange: chooseKind }), label),
    ),
  );
}

function drawSamples() {
  $("samples").replaceChildren(
    ...SAMPLES.map((sample) =>
      h("button", { type: "button", onclick: () => trySample(sample) },
        sample.file && h("img", { src: `/static/samples/${sample.file}`, alt: "", loading: "lazy" }),
        sample.text && h("span", { class: "lead" }, `“${sample.text}”`),
        sample.label),
    ),
  );
}

async function trySample(sample) {
  setKind(sample.kind);
  if (sample.text) $("prompt").value = sample.text;
  else {
    const content = await (await fetch(`/static/samples/${sample.file}`)).blob();
    take(sample.kind, new File([content], sample.file, { type: content.type }));
  }
  $("composer").requestSubmit();
}

function setKind(name) {
  document.querySelector(`#kinds [value=${name}]`).checked = true;
  chooseKind();
}

function chooseKind() {
  const fitting = features.filter((item) => kindOf(item) === kind());
  fitting.sort((a, b) => b.name.includes("textured") - a.name.includes("textured"));
  $("feature").replaceChildren(...fitting.map((item) => h("option", { value: item.name }, item.title ?? title(item.name))));
  chooseFeature();
}

function chooseFeature() {
  const chosen = feature();
  if (!chosen) return;
  const serving = models.filter((item) => item.feature === chosen.name);
  $("model").replaceChildren(...serving.map((item) => h("option", { value: item.id }, item.id)));
  $("prompt-field").hidden = !("text" in chosen.inputs);
  drawFiles(chosen);
  chooseModel();
}

function chooseModel() {
  const chosen = model();
  $("model-note").textContent = [chosen?.description, chosen?.licence && `Licence: ${chosen.licence}`].filter(Boolean).join(" ");
  draw($("parameters"), chosen?.schema ?? {});
}

function drawFiles(chosen) {
  const required = Object.keys(chosen.inputs).filter((name) => name !== "text");
  given = Object.fromEntries(Object.entries(given).filter(([name]) => required.includes(name)));
  $("file-fields").replaceChildren(...required.map(drawZone));
}

function drawZone(name) {
  const accept = KINDS.find((item) => name.includes(item.name))?.accept ?? "";
  const input = h("input", { type: "file", accept, "aria-label": title(name), onchange: () => input.files[0] && take(name, input.files[0]) });
  const face = h("div", { class: "face" });
  const zone = h("div", { class: "zone", data: { input: name } }, face, input);
  zone.addEventListener("dragover", () => zone.classList.add("over"));
  for (const end of ["dragleave", "drop"]) zone.addEventListener(end, () => zone.classList.remove("over"));
  queueMicrotask(() => drawFace(name));
  return h("div", { class: "field" }, title(name), zone);
}

function drawFace(name) {
  const face = document.querySelector(`.zone[data-input="${name}"] .face`);
  if (!face) return;
  const item = given[name];
  if (!item) face.replaceChildren(h("p", {}, "Drop a file here, or click to choose"));
  else if (item.job) face.replaceChildren(h("p", {}, item.label), h("p", { class: "name" }, "from an earlier job"));
  else {
    const picture = item.file.type.startsWith("image/") && h("img", { src: item.preview, alt: "" });
    const state = item.failed ? item.failed : item.sent < 1 ? "" : "";
    face.replaceChildren(
      picture || h("p", {}, item.file.name),
      h("p", { class: "name" }, `${item.file.name}, ${bytes(item.file.size)}${state}`),
      item.sent < 1 && h("meter", { value: item.sent, "aria-label": "uploaded" }),
    );
  }
}

function take(name, file) {
  if (given[name]?.preview) URL.revokeObjectURL(given[name].preview);
  const item = { file, preview: URL.createObjectURL(file), sent: 0 };
  given[name] = item;
  // The file travels while its owner still thinks about the settings.
  item.upload = upload(file, (sent) => {
    item.sent = sent;
    drawFace(name);
  });
  item.upload.then(
    () => { item.sent = 1; drawFace(name); },
    (error) => { if (given[name] === item) { complain(error); delete given[name]; drawFace(name); } },
  );
  complain(null);
  drawFace(name);
}

function useOutput({ job, output, label }) {
  location.hash = "#make";
  setKind("mesh");
  given = { mesh: { job, output, label } };
  drawFace("mesh");
  $("feature").focus();
}

function listenToDrops() {
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0;
  addEventListener("dragenter", (event) => { if (carries(event)) { depth++; $("drop").hidden = false; } });
  addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) $("drop").hidden = true; });
  addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    $("drop").hidden = true;
    location.hash = "#make";
    const file = event.dataTransfer.files[0];
    if (!file) return;
    const isMesh = /\.(glb|gltf|obj|ply|stl|off)$/i.test(file.name);
    const zone = event.target.closest?.(".zone");
    if (zone) take(zone.dataset.input, file);
    else {
      setKind(isMesh ? "mesh" : "image");
      take(isMesh ? "mesh" : "image", file);
    }
  });
}

async function submit(event) {
  event.preventDefault();
  const chosen = feature();
  if (!chosen) return;
  const prompt = $("prompt").value.trim();
  if ("text" in chosen.inputs && !prompt) return complain(new Error("Describe what you want first."), $("prompt"));
  const missing = Object.keys(chosen.inputs).find((name) => name !== "text" && !given[name]);
  if (missing) return complain(new Error(`Choose ${missing === "image" ? "a picture" : `a ${missing}`} first.`), document.querySelector(`.zone[data-input="${missing}"] input`));
  complain(null);
  $("go").disabled = true;
  try {
    const inputs = "text" in chosen.inputs ? { text: { text: prompt } } : {};
    for (const [name, item] of Object.entries(given)) {
      inputs[name] = item.job ? { job: item.job, output: item.output } : { upload: (await item.upload).file_id };
    }
    const job = await api.submit({ feature: chosen.name, model: $("model").value, inputs, params: read($("parameters")) });
    store.put(job);
    show(job.id);
  } catch (error) {
    complain(error);
  } finally {
    $("go").disabled = false;
  }
}

function complain(error, where) {
  $("complaint").hidden = !error;
  if (!error) return;
  const parts = [error.message, ...(error.errors ?? []).map((part) => `${part.pointer}: ${part.detail}`), error.suggestion];
  $("complaint").textContent = [...new Set(parts.filter(Boolean))].join("\n");
  where?.focus();
}
