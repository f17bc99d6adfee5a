// A form from a JSON Schema, and its values back. What was not touched is not sent, so that defaults stay the server's.

import { $, h, title, words } from "./dom.js";
import { fromSlider, steps, toSlider } from "./scale.js";
import { drawSeed } from "./seed.js";

// What most people set stands first, the rest waits behind "More"; a model that knows none of these shows its first few.
const COMMON = [
  "operation", "mask_type", "mask_center", "mask_size", "strength", "shape", "view", "poly_type", "num_parts", "rig_mode", "template", "method", "parts",
  "target_face_count", "target_vertex_count", "size", "thickness", "texture_resolution", "texture_prompt", "steps", "guidance", "resolution",
];
// Short names that file formats and programs have for things.
const CHOICES = { bbox: "box", tri: "triangles", quad: "quads" };
const FEW = 4;
const LAST = ["seed", "output_format"]; // which every model has

// Settings that somebody changed stay changed where the new model has the same.
export function draw(place, schema) {
  const before = read(place);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, whole(field)]);
  const own = fields.filter(([name]) => !LAST.includes(name));
  const common = own.filter(([name]) => COMMON.includes(name)).sort(([a], [b]) => COMMON.indexOf(a) - COMMON.indexOf(b));
  const first = common.length ? common : own.slice(0, FEW);
  const more = own.filter((field) => !first.includes(field));
  const last = LAST.flatMap((name) => fields.filter(([known]) => known === name));
  if (more.length === 1) first.push(more.pop());
  const drawAll = (list) => list.map(([name, field]) => drawField(name, field, before[name]));
  place.replaceChildren(...[...drawAll([...first, ...last]),
    more.length && h("details", { class: "more" }, h("summary", {}, `${more.length} more settings`), h("div", { class: "stack" }, ...drawAll(more)))].filter(Boolean));
}

// What a model's author calls it; what was only made of the field's name is made better here.
export function labelOf(name, field) {
  const given = field?.title ?? "";
  return given && given.toLowerCase() !== words(name).toLowerCase() ? given : title(name);
}

const unitOf = (name, field) => field.unit && !labelOf(name, field).toLowerCase().endsWith(field.unit) && h("span", { class: "help" }, ` ${field.unit}`);

// `X | null` as X: null means the default.
const whole = (declared) => ({ ...declared, ...(declared.anyOf ?? []).find((part) => part.type !== "null") });

function drawField(name, field, changed) {
  const choices = field.enum ?? (field.const !== undefined ? [field.const] : null);
  if (name === "output_format" && !(choices?.length > 1)) return ""; // nothing to choose
  const id = `parameter-${name}`;
  const common = { id, name, "aria-describedby": `${id}-help`, data: { initial: JSON.stringify(field.default ?? null) } };
  const spoken = Object.entries(CHOICES).reduce((text, [value, told]) => text.replace(RegExp(`\\b${value}: (an? )?${told}\\. `), "").replace(RegExp(`\\b${value}: `), `${told}: `), field.description ?? "");
  const help = h("p", { class: "help", id: `${id}-help` }, [spoken, rangeOf(field)].filter(Boolean).join(" "));
  const label = h("label", { for: id }, labelOf(name, field), unitOf(name, field));
  const reset = h("button", { type: "button", class: "reset", hidden: true, "aria-label": `Reset to ${told(field.default)}`, title: `Back to ${told(field.default)}` }, "↺");
  const [box, input] = drawBox(name, field, choices, common, label, reset, help);
  // A seed always is another one, and a GLB is what the page itself asks for.
  const follow = () => { reset.hidden = name === "seed" || (name === "output_format" && valueOf(input) === "glb") || !isChanged(input); };
  box.addEventListener("input", follow);
  reset.addEventListener("click", () => {
    assign(input, field.default);
    (input.querySelector("input") ?? input).focus();
  });
  if (changed !== undefined && name !== "seed" && (!choices || choices.includes(changed))) assign(input, changed);
  follow();
  return box;
}

// The field with its label, and in it what holds the value.
function drawBox(name, field, choices, common, label, reset, help) {
  const head = h("div", { class: "head" }, label, reset);
  if (field.type === "boolean") {
    const input = h("input", { type: "checkbox", checked: !!field.default, ...common });
    return [h("div", { class: "field check" }, input, head, help), input];
  }
  if (field.type === "array" && field.minItems === field.maxItems) {
    const box = drawNumbers(name, field, common, reset, help);
    return [box, box];
  }
  if (choices) {
    const input = drawChoice(name, choices, field, common);
    return [h("div", { class: "field row" }, head, input, help), input];
  }
  if (field.type === "integer" || field.type === "number") {
    const input = h("input", {
      type: "number", ...common, value: String(field.default ?? ""), step: field.type === "integer" ? "1" : "any",
      min: attribute(field.minimum ?? field.exclusiveMinimum), max: attribute(field.maximum),
    });
    if (name === "seed") return [h("div", { class: "field row seed" }, head, drawSeed(input, field.maximum ?? Infinity), help), input];
    return [h("div", { class: "field row" }, head, input, steps(field) !== null && drawSlider(input, field), help), input];
  }
  const input = h("input", { type: "text", ...common, value: String(field.default ?? ""), maxlength: attribute(field.maxLength) });
  return [h("div", { class: "field" }, head, input, help), input];
}

function drawChoice(name, choices, field, common) {
  // The page can show a GLB, so that is what it asks for where there is a choice.
  const chosen = name === "output_format" && choices.includes("glb") ? "glb" : field.default;
  return h("select", common, ...choices.map((value) =>
    h("option", { value: JSON.stringify(value), selected: value === chosen }, name === "output_format" ? value.toUpperCase() : CHOICES[value] ?? words(String(value)))));
}

// The same number for the mouse. The keyboard and the screen reader have the field itself.
function drawSlider(input, field) {
  const slider = h("input", { type: "range", class: "slider", min: "0", max: String(steps(field)), step: "1", tabindex: "-1", "aria-hidden": "true" });
  const follow = () => { slider.value = String(toSlider(input.value === "" ? field.default ?? field.minimum : Number(input.value), field)); };
  input.addEventListener("input", (event) => event.target === input && follow());
  slider.addEventListener("input", () => {
    input.value = String(fromSlider(Number(slider.value), field));
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  follow();
  return slider;
}

// So many numbers beside each other; three are a point.
function drawNumbers(name, field, common, reset, help) {
  const letters = field.minItems === 3 ? ["x", "y", "z"] : Array.from({ length: field.minItems }, (_, at) => String(at + 1));
  const boxes = letters.map((letter, at) => h("label", {}, letter, h("input", {
    type: "number", step: "any", "aria-label": `${labelOf(name, field)} ${letter}`, value: String(field.default?.[at] ?? ""),
    min: attribute(field.items?.minimum), max: attribute(field.items?.maximum),
  })));
  const legend = h("legend", {}, labelOf(name, field), unitOf(name, field));
  return h("fieldset", { class: "field numbers-beside", ...common }, legend, reset, h("div", {}, ...boxes), help);
}

// From now on each number of the field has a slider between its bounds.
export function bound(name, lows, highs) {
  const boxes = [...field(name).querySelectorAll("input[type=number]")];
  boxes.forEach((box, at) => {
    const between = { type: "number", minimum: lows[at], maximum: highs[at] };
    box.parentElement.querySelector(".slider")?.remove();
    box.after(drawSlider(box, between));
  });
}

// Sets a field as if its owner had: a slider, a reset button and whoever else listens follow.
export function assign(input, value) {
  if (input.tagName === "FIELDSET") {
    [...input.querySelectorAll("input[type=number]")].forEach((box, at) => {
      box.value = String(value?.[at] ?? "");
      box.dispatchEvent(new Event("input")); // for its slider alone
    });
  } else if (input.type === "checkbox") input.checked = !!value;
  else input.value = input.tagName === "SELECT" ? JSON.stringify(value) : String(value ?? "");
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

export const field = (name) => $(`parameter-${name}`);

export function read(place) {
  return Object.fromEntries([...place.querySelectorAll("[name]")].filter(isChanged).map((input) => [input.name, valueOf(input)]));
}

function isChanged(input) {
  const value = valueOf(input);
  return value !== null && JSON.stringify(value) !== input.dataset.initial;
}

// The fields that the server refused say so themselves; true if there is one.
export function mark(place, errors) {
  for (const input of place.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.closest(".field").querySelector(".error").remove();
  }
  const refused = errors.map(({ pointer, detail }) => [pointer.startsWith("/params/") && field(pointer.slice(8).split("/")[0]), detail]);
  for (const [input, detail] of refused) {
    if (!input || input.getAttribute("aria-invalid")) continue;
    input.setAttribute("aria-invalid", "true");
    input.closest(".field").append(h("p", { class: "error" }, detail));
  }
  const first = refused.find(([input]) => input)?.[0];
  for (let at = first?.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  (first?.querySelector("input") ?? first)?.focus();
  return !!first;
}

export function valueOf(input) {
  if (input.tagName === "FIELDSET") {
    const values = [...input.querySelectorAll("input[type=number]")].map((box) => (box.value === "" ? null : Number(box.value)));
    return values.every((value) => value === null) ? null : values;
  }
  if (input.type === "checkbox") return input.checked;
  if (input.tagName === "SELECT") return JSON.parse(input.value);
  if (input.value === "") return null;
  return input.type === "number" ? Number(input.value) : input.value;
}

function rangeOf({ minimum, maximum, default: usual, type }) {
  const bounds = Number.isFinite(minimum) && Number.isFinite(maximum) && maximum <= 1e6 ? `${minimum.toLocaleString()} to ${maximum.toLocaleString()}` : "";
  const isTold = (type === "integer" || type === "number") && bounds;
  return isTold ? `${bounds}${usual === null || usual === undefined ? "" : `, usually ${usual.toLocaleString()}`}.` : "";
}

const told = (value) => (value === null || value === undefined || value === "" ? "nothing" : typeof value === "number" ? value.toLocaleString() : String(value).replaceAll("_", " "));
const attribute = (value) => (value === undefined ? null : String(value));
