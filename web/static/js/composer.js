// The form: what one has, what one wants, and the settings of the model, drawn from its schema.

import { api } from "./api.js";
import * as bench from "./bench.js";
import * as catalogue from "./catalogue.js";
import { $, about, h, say, title } from "./dom.js";
import * as inputs from "./inputs.js";
import { isFinal } from "./job.js";
import { isFileOf, isText, kindOf, offers, placed } from "./offers.js";
import * as parameters from "./parameters.js";
import { patiently } from "./patience.js";
import { drawSamples } from "./samples.js";
import { shape } from "./region.js";
import { rollOn, seedOf } from "./seed.js";
import { current, setEarlier, show } from "./stage.js";
import * as store from "./store.js";

const KINDS = [
  { name: "image", label: "A picture" },
  { name: "text", label: "An idea" },
  { name: "mesh", label: "A mesh" },
];

const EXAMPLES = {
  text_mesh_painting: "blue marble with golden arms",
  text_mesh_editing: "make the head bigger",
};
const EXAMPLE = "a small red wooden chair with three legs";

let isSending = false;
let begunFrom = null; // the job whose result or settings are in the form

const feature = () => catalogue.allFeatures().find((item) => item.name === $("feature").value);
const model = () => catalogue.modelNamed($("model").value);
const kind = () => document.querySelector("#kinds :checked")?.value;

export function startComposer() {
  $("feature").addEventListener("change", chooseFeature);
  $("model").addEventListener("change", chooseModel);
  $("composer").addEventListener("submit", submit);
  $("parameters").addEventListener("input", (event) => event.target.name === "mask_type" && drawBench());
  $("prompt").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("composer").requestSubmit();
  });
  $("composer").addEventListener("input", (event) => event.isTrusted && tellEarlier()); // a seed that rolls is nobody's wish
  document.addEventListener("use-output", (event) => useOutput(event.detail));
  document.addEventListener("reuse-job", (event) => reuse(event.detail).catch(complain));
  inputs.startInputs({ onTrouble: complain, onChange: drawGiven });
  inputs.listenToDrops(placeFiles);
  store.listen((news) => {
    drawAhead();
    // A finished job has taught the server how long its model takes, and left it in memory.
    if (news.some((job) => !job.gone && isFinal(job) && Date.now() - Date.parse(job.finished_at) < 5000)) catalogue.learn().then(drawAhead);
  });
  reload();
}

// What the server can make now; asked for again when its catalogue has changed.
export async function reload() {
  try {
    await catalogue.load();
  } catch {
    setTimeout(reload, 1500);
    return;
  }
  const kinds = KINDS.filter(({ name }) => catalogue.allFeatures().some((item) => kindOf(item) === name));
  const names = kinds.map(({ name }) => name);
  if (names.join() === $("kinds").dataset.names) return refreshFeatures();
  $("kinds").dataset.names = names.join();
  $("kinds").replaceChildren(...kinds.map(({ name, label }, at) =>
    h("label", {}, h("input", { type: "radio", name: "kind", value: name, checked: at === 0, onchange: drawFeatures }), label)));
  drawSamples(names, start);
  if (names.length) drawFeatures();
  else complain(new Error("No model is in the server's catalogue."));
}

function refreshFeatures() {
  const [oldFeature, oldModel] = [$("feature").value, $("model").value];
  if (catalogue.modelNamed(oldModel)?.feature !== oldFeature) drawFeatures();
  else drawAhead();
}

function setKind(name) {
  const choice = document.querySelector(`#kinds [value=${name}]`);
  if (!choice) return false;
  if (!choice.checked) {
    choice.checked = true;
    drawFeatures();
  }
  return true;
}

// In one step, for what the feature between would not take would be forgotten.
function setFeature(name) {
  if ($("feature").value === name) return;
  document.querySelector(`#kinds [value=${kindOf(catalogue.allFeatures().find((item) => item.name === name))}]`).checked = true;
  fillFeatures();
  $("feature").value = name;
  chooseFeature();
}

function drawFeatures() {
  fillFeatures();
  chooseFeature();
}

// What has a use for all files at hand stands first, where that tells anything.
function fillFeatures() {
  const fitting = catalogue.allFeatures().filter((item) => kindOf(item) === kind());
  fitting.sort((a, b) => b.name.includes("textured") - a.name.includes("textured"));
  const names = new Set(fitting.flatMap((item) => Object.keys(item.inputs)));
  const best = offers(fitting, inputs.formats([...names]));
  const options = (list) => list.map((item) => h("option", { value: item.name }, item.title));
  const rest = fitting.filter((item) => !best.includes(item));
  $("feature").replaceChildren(...(best.length && rest.length
    ? [h("optgroup", { label: "With what is here" }, ...options(best)), h("optgroup", { label: "With less, or with more" }, ...options(rest))]
    : options(fitting)));
}

// There are other files than before.
function drawGiven(name) {
  const chosen = $("feature").value;
  fillFeatures();
  $("feature").value = chosen;
  drawGo();
  drawBench(name);
  if (inputs.all(name).some((item) => item.file)) tellEarlier();
}

// A mesh that was just given is shown, and one in which a region is to be set.
function drawBench(name = "") {
  const [mesh] = inputs.zoneInput("mesh") ? inputs.all("mesh") : [];
  if (bench.canShow(mesh) && ((name === "mesh" && mesh.file) || shape())) bench.open(mesh);
  else if (!mesh && bench.isOpen()) bench.close();
  const isStrange = mesh && !bench.canShow(mesh);
  $("mesh-note").hidden = !isStrange;
  if (isStrange) say($("mesh-note"), `The page draws GLB and glTF, so a mesh in ${mesh.format.toUpperCase()} is not shown before the work.${shape() ? " To draw the region on it, give it as a GLB; or type the numbers of the region below." : ""}`);
}

function drawGo() {
  const count = model() ? inputs.count(fileNames(model())) : 1;
  say($("go"), count > 1 ? `Make all ${count}` : "Make it");
  drawAhead();
}

function chooseFeature() {
  const chosen = feature();
  $("feature-note").textContent = chosen.description;
  const serving = catalogue.modelsOf(chosen.name);
  $("model").replaceChildren(...serving.map((item) => h("option", { value: item.id }, item.id)));
  chooseModel();
}

function chooseModel() {
  const chosen = model();
  $("model-note").textContent = [chosen.description, chosen.licence && `Licence: ${chosen.licence}.`].filter(Boolean).join(" ");
  parameters.draw($("parameters"), chosen.schema ?? {});
  const all = { ...chosen.inputs, ...chosen.optional_inputs };
  const files = (from) => Object.fromEntries(Object.entries(from).filter(([, input]) => !isText(input)));
  $("prompt-field").hidden = !Object.values(all).some(isText);
  $("prompt").placeholder = EXAMPLES[chosen.feature] ?? EXAMPLE;
  // What one may give lies folded away: it shall not be used where nobody looks for it.
  inputs.forgetAllBut([...Object.keys(all), ...catalogue.allFeatures().flatMap((item) => Object.keys(item.inputs))]);
  inputs.drawZones($("file-fields"), files(chosen.inputs));
  const optional = h("div", { class: "stack" });
  $("parameters").append(optional);
  inputs.drawZones(optional, files(chosen.optional_inputs), "if you like");
  if (parameters.field("mask_type")) $("settings").open = true; // where it shall happen is half of what is asked for
  complain(null);
  drawGo();
  drawBench();
}

const fileNames = (from) => Object.entries({ ...from.inputs, ...from.optional_inputs }).filter(([, input]) => !isText(input)).map(([name]) => name);

// How long it will take, as far as the server has learned it.
function drawAhead() {
  const chosen = model();
  if (!chosen) return;
  const known = chosen.learned ?? chosen;
  const load_s = chosen.residency?.length ? 0 : known.load_s;
  const count = inputs.count(fileNames(chosen));
  const waiting = store.open().filter((job) => job.status === "queued").length;
  const time = about(known.run_s + load_s).replace("about", known.runs ? "about" : "perhaps"); // what nobody has made here yet is a guess
  say($("ahead"), [
    `${count > 1 ? "Each takes" : "Takes"} ${time}${load_s >= 0.5 ? " with loading" : ""}`,
    waiting && `${waiting} ${waiting === 1 ? "job waits" : "jobs wait"} already`,
  ].filter(Boolean).join(". ") + ".");
}

// Files that were dropped or pasted: into the zone under them, else wherever they fit, and the features follow.
function placeFiles(files, zone) {
  begunFrom = null;
  location.hash = "#make";
  const known = catalogue.allFeatures();
  const usable = (file) => known.some((item) => Object.values({ ...item.inputs, ...item.optional_inputs }).some((input) => isFileOf(input, inputs.formatOf(file))));
  const fine = files.filter(usable);
  if (fine.length) sort(fine, zone);
  const strange = files.filter((file) => !usable(file)).map((file) => file.name);
  if (strange.length) complain(new Error(`${strange.join(", ")}: no model of this server takes such a file.`));
}

function sort(files, zone) {
  const formats = files.map(inputs.formatOf);
  const accepts = document.querySelector(`.zone[data-input="${zone}"]`)?.dataset.formats.split(" ") ?? [];
  if (formats.every((format) => accepts.includes(format))) return inputs.take(zone, files);
  const known = catalogue.allFeatures();
  const fits = (item) => item && !placed(item, [...new Set(formats)]).left.length;
  const chosen = [feature(), offers(known, [...inputs.formats(inputs.shown()), ...formats])[0], offers(known, formats)[0]].find(fits);
  if (!chosen) return complain(new Error("No model of this server takes these files together."));
  const before = inputs.shown();
  setFeature(chosen.name);
  moveIn(chosen, before.filter((name) => !inputs.shown().includes(name)));
  const { at, left } = placed(chosen, formats, inputs.shown());
  for (const [name, found] of Object.entries(at)) inputs.take(name, found.map((index) => files[index]));
  if (left.length) complain(new Error(`${left.map((index) => files[index].name).join(", ")} found no place: ${chosen.title} takes one file of a kind.`));
}

// What the form had before under other names, where there is room for all of it.
function moveIn(chosen, names) {
  const { at, left } = placed(chosen, inputs.formats(names), inputs.shown());
  if (left.length) return;
  const items = inputs.lift(names);
  for (const [name, found] of Object.entries(at)) inputs.put(name, found.map((index) => items[index]));
}

function start(name, { file, text }) {
  setKind(name);
  if (text) $("prompt").value = text;
  else inputs.take(name, [file]);
  $("composer").requestSubmit();
}

// Somebody asks for something new, and what is shown has nothing to do with it.
function tellEarlier() {
  if (current() !== begunFrom) setEarlier(true);
}

function useOutput({ feature: wanted, file }) {
  begunFrom = file.job;
  if (wanted) setFeature(wanted);
  else if (!setKind("mesh")) return complain(new Error("No model of this server takes a mesh."));
  inputs.takeOutput("mesh", file);
  ($("prompt-field").hidden ? $("feature") : $("prompt")).focus();
  $("composer").scrollIntoView({ block: "nearest" });
}

// A job back into the form, with its files, to be changed and made again.
async function reuse(job) {
  begunFrom = job.id;
  if (!catalogue.modelNamed(job.model)) throw new Error(`${job.model} is not served here any more.`);
  setFeature(job.feature);
  $("model").value = job.model;
  chooseModel();
  for (const [name, value] of Object.entries(job.params)) if (parameters.field(name)) parameters.assign(parameters.field(name), value);
  for (const [name, input] of Object.entries(job.inputs)) {
    if (input.text !== undefined) {
      $("prompt").value = input.text;
      continue;
    }
    const answer = await fetch(input.url);
    if (!answer.ok) throw new Error(`${input.filename} is gone: inputs are kept for a while only. Give the file again.`);
    inputs.take(name, [new File([await answer.blob()], input.filename, { type: input.content_type })]);
  }
  $("feature").focus();
  $("composer").scrollIntoView({ block: "nearest" });
}

async function submit(event) {
  event.preventDefault();
  const chosen = model();
  if (!chosen || isSending) return;
  const all = { ...chosen.inputs, ...chosen.optional_inputs };
  const text = Object.keys(all).find((name) => isText(all[name]));
  const prompt = $("prompt").value.trim();
  if (text in chosen.inputs && !prompt) return complain(new Error("Describe what you want first."), $("prompt"));
  const missing = Object.keys(chosen.inputs).find((name) => name !== text && !inputs.has(name));
  if (missing) return complain(new Error(`${inputs.labelOf(missing)} is missing: drop a file, or choose one.`), inputs.zoneInput(missing));
  complain(null);
  setSending(true);
  try {
    const params = parameters.read($("parameters"));
    const seed = params.seed ?? chosen.schema.properties?.seed?.default;
    const given = await inputs.references(fileNames(chosen));
    for (const [at, { inputs: files, label }] of given.entries()) {
      const body = {
        feature: chosen.feature,
        model: chosen.id,
        inputs: { ...files, ...(text && prompt && { [text]: { text: prompt } }) },
        params: { ...params, ...(at && seed !== undefined && { seed: seedOf(seed, at) }) },
        metadata: label ? { name: label.slice(0, 512) } : {},
      };
      const key = crypto.randomUUID?.() ?? String(Math.random());
      const job = await patiently(() => api.submit(body, key), complain);
      complain(null);
      store.put(job);
      if (at === 0) show(job.id);
    }
    begunFrom = null;
    rollOn($("parameters"));
  } catch (error) {
    complain(error);
  } finally {
    setSending(false);
  }
}

// Not `disabled`, which would take the keyboard's focus away.
function setSending(value) {
  isSending = value;
  $("go").setAttribute("aria-disabled", String(value));
  if (value) say($("go"), "Sending…");
  else drawGo();
}

function complain(error, where) {
  $("complaint").hidden = !error;
  parameters.mark($("parameters"), error?.errors ?? []);
  if (!error) return;
  const isSaid = error.suggestion && error.message.includes(error.suggestion);
  const parts = [error.message, !isSaid && error.suggestion].filter(Boolean);
  // The name of a file is told as it is.
  $("complaint").textContent = parts.map((part) => (/^\S+\.\w+[:,]/.test(part) ? part : title(part))).join("\n");
  where?.focus();
}
