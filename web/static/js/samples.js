// Something to begin with for who has nothing at hand.

import { $, h } from "./dom.js";

const SAMPLES = [
  { kind: "image", file: "robot.png", label: "Robot" },
  { kind: "image", file: "teapot.png", label: "Teapot" },
  { kind: "image", file: "penguin.png", label: "Penguin" },
  { kind: "image", file: "mushroom.png", label: "Mushroom" },
  { kind: "text", text: "a small red wooden chair with three legs", label: "Chair" },
  { kind: "text", text: "a blue rocket with a white nose and four fins", label: "Rocket" },
];

// `start(kind, {file, text})` begins a job.
export function drawSamples(kinds, start) {
  const fitting = SAMPLES.filter((sample) => kinds.includes(sample.kind));
  $("samples").replaceChildren(...fitting.map((sample) => h("button", { type: "button", onclick: () => choose(sample, start) },
    sample.file ? h("img", { src: url(sample), alt: "" }) : h("q", {}, sample.text),
    h("span", {}, sample.label))));
}

async function choose(sample, start) {
  if (sample.text) return start(sample.kind, { text: sample.text });
  const content = await (await fetch(url(sample))).blob();
  return start(sample.kind, { file: new File([content], sample.file, { type: content.type }) });
}

const url = (sample) => `/static/samples/${sample.file}`;
