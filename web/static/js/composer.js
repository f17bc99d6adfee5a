// The form: what one has, what one wants, and the settings of the model, drawn from its schema.

import { api } from "./api.js";
import * as catalogue from "./catalogue.js";
import { $, about, h, say, title } from "./dom.js";
import * as inputs from "./inputs.js";
import { isFinal } from "./job.js";
import { isText, kindOf } from "./offers.js";
import * as parameters from "./parameters.js";
import { drawSamples } from "./samples.js";
import { show } from "./stage.js";
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

const feature = () => catalogue.allFeatures().find((item) => item.name === $("feature").value);
const model = () => catalogue.modelNamed($("model").value);
const kind = () => document.querySelector("#kinds :checked")?.value;

export function startComposer() {
  $("feature").addEventListener("change", chooseFeature);
  $("model").addEventListener("change", chooseModel);
  $("composer").addEventListener("submit", submit);
  $("prompt").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("composer").requestSubmit();
  });
  document.addEventListener("use-output", (event) => useOutput(event.detail));
  inputs.startInputs(complain);
  inputs.listenToDrops(placeFile);
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

function drawFeatures() {
  const fitting = catalogue.allFeatures().filter((item) => kindOf(item) === kind());
  fitting.sort((a, b) => b.name.includes("textured") - a.name.includes("textured"));
  $("feature").replaceChildren(...fitting.map((item) => h("option", { value: item.name }, item.title)));
  chooseFeature();
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
  inputs.forgetAllBut(Object.keys(all));
  inputs.drawZones($("file-fields"), files(chosen.inputs));
  const optional = h("div", { class: "stack" });
  $("parameters").prepend(optional);
  inputs.drawZones(optional, files(chosen.optional_inputs), "if you like");
  complain(null);
  drawAhead();
}

// How long it will take, as far as the server has learned it.
function drawAhead() {
  const chosen = model();
  if (!chosen) return;
  const known = chosen.learned ?? chosen;
  const load_s = chosen.residency?.length ? 0 : known.load_s;
  const waiting = store.open().filter((job) => job.status === "queued").length;
  say($("ahead"), [
    `Takes ${about(known.run_s + load_s)}${load_s >= 0.5 ? " with loading" : ""}`,
    waiting && `${waiting} ${waiting === 1 ? "job waits" : "jobs wait"} already`,
  ].filter(Boolean).join(". ") + ".");
}

function placeFile(file, zone) {
  location.hash = "#make";
  const accepts = document.querySelector(`.zone[data-input="${zone}"]`)?.dataset.formats.split(" ") ?? [];
  if (accepts.includes(file.name.split(".").pop().toLowerCase())) return inputs.take(zone, file);
  const wanted = inputs.isMesh(file) ? "mesh" : "image";
  if (!setKind(wanted)) return complain(new Error(`No model of this server takes ${wanted === "mesh" ? "a mesh" : "a picture"}.`));
  return inputs.take(wanted, file);
}

function start(name, { file, text }) {
  setKind(name);
  if (text) $("prompt").value = text;
  else inputs.take(name, file);
  $("composer").requestSubmit();
}

function useOutput({ feature: wanted, file }) {
  if (!setKind("mesh")) return complain(new Error("No model of this server takes a mesh."));
  if (wanted) {
    $("feature").value = wanted;
    chooseFeature();
  }
  inputs.takeOutput("mesh", file);
  ($("prompt-field").hidden ? $("feature") : $("prompt")).focus();
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
    const given = await inputs.references(Object.keys(all));
    if (text && prompt) given[text] = { text: prompt };
    const name = inputs.inherited();
    const metadata = name ? { name: name.slice(0, 512) } : {};
    const job = await api.submit({ feature: chosen.feature, model: chosen.id, inputs: given, params: parameters.read($("parameters")), metadata });
    store.put(job);
    show(job.id);
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
}

function complain(error, where) {
  $("complaint").hidden = !error;
  parameters.mark($("parameters"), error?.errors ?? []);
  if (!error) return;
  const parts = [error.message, error.suggestion && title(error.suggestion)];
  $("complaint").textContent = parts.filter(Boolean).map((part) => title(part)).join("\n");
  where?.focus();
}
