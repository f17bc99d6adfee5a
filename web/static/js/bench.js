// The mesh that is about to be worked on, seen before the work: how large it is, and where an edit shall happen.

import { h, say } from "./dom.js";
import { drawRegion } from "./region.js";
import { current, hide, present, show } from "./stage.js";
import * as store from "./store.js";
import { drawView } from "./viewer.js";

const SHOWN = ["glb", "gltf"];

let shown = null; // the file on the bench
let begin = () => {}; // draws its region anew
let before = null; // the job that was shown until it came

export const canShow = (item) => !!item && SHOWN.includes(item.format);
export const isOpen = () => !!shown && document.querySelector(".bench") !== null;

// Puts a file of the form there; one that lies there already stays.
export function open(item) {
  if (isOpen() && shown === item) return begin();
  if (!isOpen()) before = current();
  shown = item;
  const label = item.label ?? item.file.name;
  const view = drawView(item.url ?? item.preview, { alt: `The mesh to work on: ${label}`, isTurning: false });
  const viewer = view.querySelector("model-viewer");
  const size = h("p", { class: "note" });
  viewer.addEventListener("load", () => say(size, measures(viewer)));
  begin = drawRegion(viewer);
  present(view, h("div", { class: "facts bench" }, h("header", {}, h("h2", {}, label), h("p", { class: "note" }, "To be worked on")), size));
}

// The mesh was taken away: what was shown before it is shown again.
export function close() {
  shown = null;
  if (before && store.find(before)) show(before);
  else hide();
}

function measures(viewer) {
  const [size, center] = [viewer.getDimensions(), viewer.getBoundingBoxCenter()];
  const short = (value) => String(Number(value.toFixed(3)));
  const sides = ["x", "y", "z"].map((side) => `${side} from ${short(center[side] - size[side] / 2)} to ${short(center[side] + size[side] / 2)}`);
  return `${["x", "y", "z"].map((side) => short(size[side])).join(" × ")} m: ${sides.join(", ")}`;
}
