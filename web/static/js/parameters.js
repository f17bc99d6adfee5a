// A form from a JSON Schema, and its values back. What was not touched is not sent, so that defaults stay the server's.

import { h, title } from "./dom.js";

export function draw(place, schema) {
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => name !== "output_format");
  place.replaceChildren(...fields.map(([name, field]) => drawField(name, field)));
}

function drawField(name, declared) {
  const field = { ...declared, ...(declared.anyOf ?? []).find((part) => part.type !== "null") };
  const id = `parameter-${name}`;
  const help = declared.description ? h("span", { class: "help", id: `${id}-help` }, declared.description) : null;
  const common = { id, name, data: { type: field.type ?? "string", initial: JSON.stringify(declared.default ?? null) }, "aria-describedby": help ? `${id}-help` : null };
  const unit = field.unit ? ` (${field.unit})` : "";
  const label = title(name) + unit;
  if (field.type === "boolean") {
    return h("div", { class: "field" }, h("label", { class: "check" }, h("input", { type: "checkbox", checked: !!declared.default, ...common }), label), help);
  }
  let input;
  const choices = field.enum ?? (field.const !== undefined ? [field.const] : null);
  if (choices) {
    input = h("select", common, ...choices.map((value) => h("option", { value: JSON.stringify(value), selected: value === declared.default }, words(value))));
  } else if (field.type === "integer" || field.type === "number") {
    input = h("input", { type: "number", ...common, value: String(declared.default ?? ""), min: text(field.minimum ?? field.exclusiveMinimum), max: text(field.maximum), step: field.type === "integer" ? "1" : "any" });
  } else {
    input = h("input", { type: "text", ...common, value: String(declared.default ?? ""), maxlength: text(field.maxLength) });
  }
  const row = name === "seed" ? withDice(input, field) : input;
  return h("div", { class: "field" }, h("label", { for: id }, label), row, help);
}

function withDice(input, field) {
  const most = Math.min(field.maximum ?? 2 ** 31, 999999);
  const roll = () => { input.value = String(Math.floor(Math.random() * most)); };
  return h("div", { class: "with-button" }, input, h("button", { type: "button", onclick: roll, title: "Another seed, another result" }, "Roll"));
}

export function read(place) {
  const values = {};
  for (const input of place.querySelectorAll("[name]")) {
    const value = valueOf(input);
    if (value !== null && JSON.stringify(value) !== input.dataset.initial) values[input.name] = value;
  }
  return values;
}

function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  if (input.tagName === "SELECT") return JSON.parse(input.value);
  if (input.value === "") return null;
  return input.type === "number" ? Number(input.value) : input.value;
}

const text = (value) => (value === undefined ? null : String(value));
const words = (value) => String(value).replaceAll("_", " ");
