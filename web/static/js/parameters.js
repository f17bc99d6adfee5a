// A form from a JSON Schema, and its values back. What was not touched is not sent, so that defaults stay the server's.

import { $, h, title } from "./dom.js";

// What changes the result comes first; the seed and the format, which every model has, come last.
const LAST = ["seed", "output_format"];

export function draw(place, schema) {
  const fields = Object.entries(schema.properties ?? {});
  fields.sort(([a], [b]) => LAST.indexOf(a) - LAST.indexOf(b));
  place.replaceChildren(...fields.map(([name, field]) => drawField(name, field)));
}

function drawField(name, declared) {
  const field = { ...declared, ...(declared.anyOf ?? []).find((part) => part.type !== "null") };
  const choices = field.enum ?? (field.const !== undefined ? [field.const] : null);
  if (name === "output_format" && !(choices?.length > 1)) return ""; // nothing to choose
  const id = `parameter-${name}`;
  const common = { id, name, "aria-describedby": `${id}-help`, data: { initial: JSON.stringify(declared.default ?? null) } };
  const help = h("p", { class: "help", id: `${id}-help` }, declared.description ?? "");
  const label = h("label", { for: id }, title(name), field.unit && h("span", { class: "help" }, ` ${field.unit}`));
  if (field.type === "boolean") {
    return h("div", { class: "field check" }, h("input", { type: "checkbox", checked: !!declared.default, ...common }), label, help);
  }
  if (field.type === "array" && field.minItems === field.maxItems) return drawNumbers(name, field, common, help);
  if (choices) return h("div", { class: "field row" }, label, drawChoice(name, choices, declared, common), help);
  if (field.type === "integer" || field.type === "number") {
    return h("div", { class: "field row" }, label, drawNumber(name, field, declared, common), help);
  }
  const text = h("input", { type: "text", ...common, value: String(declared.default ?? ""), maxlength: attribute(field.maxLength) });
  return h("div", { class: "field" }, label, text, help);
}

function drawChoice(name, choices, declared, common) {
  // The page can show a GLB, so that is what it asks for where there is a choice.
  const chosen = name === "output_format" && choices.includes("glb") ? "glb" : declared.default;
  return h("select", common, ...choices.map((value) =>
    h("option", { value: JSON.stringify(value), selected: value === chosen }, String(value).replaceAll("_", " "))));
}

function drawNumber(name, field, declared, common) {
  const input = h("input", {
    type: "number", ...common, value: String(declared.default ?? ""), step: field.type === "integer" ? "1" : "any",
    min: attribute(field.minimum ?? field.exclusiveMinimum), max: attribute(field.maximum),
  });
  if (name !== "seed") return input;
  const most = Math.min(field.maximum ?? 999999, 999999);
  const roll = () => { input.value = String(Math.floor(Math.random() * (most + 1))); };
  return h("div", { class: "with-button" }, input, h("button", { type: "button", onclick: roll, "aria-label": "Another seed", title: "Another seed" }, "⚄"));
}

// So many numbers beside each other; three are a point.
function drawNumbers(name, field, common, help) {
  const letters = field.minItems === 3 ? ["x", "y", "z"] : Array.from({ length: field.minItems }, (_, at) => String(at + 1));
  const boxes = letters.map((letter, at) => h("label", {}, letter, h("input", {
    type: "number", step: "any", "aria-label": `${title(name)} ${letter}`, value: String(JSON.parse(common.data.initial)?.[at] ?? ""),
    min: attribute(field.items?.minimum), max: attribute(field.items?.maximum),
  })));
  const legend = h("legend", {}, title(name), field.unit && h("span", { class: "help" }, ` ${field.unit}`));
  return h("fieldset", { class: "field numbers-beside", ...common }, legend, h("div", {}, ...boxes), help);
}

export function read(place) {
  const values = {};
  for (const input of place.querySelectorAll("[name]")) {
    const value = valueOf(input);
    if (value !== null && JSON.stringify(value) !== input.dataset.initial) values[input.name] = value;
  }
  return values;
}

// The fields that the server refused say so themselves; true if there is one.
export function mark(place, errors) {
  for (const input of place.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.closest(".field").querySelector(".error").remove();
  }
  const refused = errors.map(({ pointer, detail }) => [pointer.startsWith("/params/") && $(`parameter-${pointer.slice(8).split("/")[0]}`), detail]);
  for (const [input, detail] of refused) {
    if (!input || input.getAttribute("aria-invalid")) continue;
    input.setAttribute("aria-invalid", "true");
    input.closest(".field").append(h("p", { class: "error" }, detail));
  }
  const first = refused.find(([input]) => input)?.[0];
  if (first) first.closest("details").open = true;
  (first?.querySelector("input") ?? first)?.focus();
  return !!first;
}

function valueOf(input) {
  if (input.tagName === "FIELDSET") {
    const values = [...input.querySelectorAll("input")].map((box) => (box.value === "" ? null : Number(box.value)));
    return values.every((value) => value === null) ? null : values;
  }
  if (input.type === "checkbox") return input.checked;
  if (input.tagName === "SELECT") return JSON.parse(input.value);
  if (input.value === "") return null;
  return input.type === "number" ? Number(input.value) : input.value;
}

const attribute = (value) => (value === undefined ? null : String(value));
