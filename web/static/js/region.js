// The region of an edit, drawn over the mesh and pulled by its sides; the fields of the form say the same in numbers.

import * as parameters from "./parameters.js";
import { faces, handles, isFront, project, pulled, rings } from "./region_geometry.js";
import { projectionOf, sceneOf } from "./scene.js";

const SHAPES = ["bbox", "ellipsoid"];
const NAMES = ["mask_type", "mask_center", "mask_size"];
const SIDES = ["x", "y", "z"];

// The shape that the form asks for, "" for none.
export function shape() {
  const wanted = parameters.field("mask_type") && parameters.valueOf(parameters.field("mask_type"));
  return NAMES.every((name) => parameters.field(name)) && SHAPES.includes(wanted) ? wanted : "";
}

// What the form says; where it says nothing, half of the mesh in the middle. Half the edges of a box, radii of an ellipsoid.
function read(bounds) {
  const [center, size] = ["mask_center", "mask_size"].map((name) => parameters.valueOf(parameters.field(name)));
  const isWhole = (values) => values?.every((value) => value !== null);
  if (!isWhole(center) || !isWhole(size)) return { center: bounds.center, half: bounds.size.map((side) => side / 4) };
  return { center, half: shape() === "bbox" ? size.map((side) => side / 2) : size };
}

function write({ center, half }, bounds) {
  const grain = 10 ** Math.floor(Math.log10(Math.max(...bounds.size) / 200));
  const round = (values) => values.map((value) => Number((Math.round(value / grain) * grain).toPrecision(6)));
  parameters.assign(parameters.field("mask_center"), round(center));
  parameters.assign(parameters.field("mask_size"), round(half.map((value) => Math.max(grain, value * (shape() === "bbox" ? 2 : 1)))));
}

// Draws over the viewer whatever the form says, from now on, as long as it is in the page.
export function drawRegion(viewer) {
  const picture = svg("svg", { class: "region", "aria-hidden": "true" });
  let before = "";
  viewer.after(picture);

  function bounds() {
    const [size, center] = [viewer.getDimensions(), viewer.getBoundingBoxCenter()];
    return { size: [size.x, size.y, size.z], center: [center.x, center.y, center.z] };
  }

  function begin() {
    const now = shape();
    const size = now && parameters.valueOf(parameters.field("mask_size"));
    // The edges of a box are twice the radii of the ellipsoid in it.
    if (size && before && before !== now) parameters.assign(parameters.field("mask_size"), size.map((value) => value * (now === "bbox" ? 2 : 0.5)));
    before = now || before;
    if (now && viewer.loaded) {
      const known = bounds();
      const [low, high] = [-1, 1].map((sign) => known.center.map((value, at) => value + sign * known.size[at] / 2));
      const largest = Math.max(...known.size);
      parameters.bound("mask_center", low, high);
      parameters.bound("mask_size", SIDES.map(() => 0.01 * largest), SIDES.map((_, at) => Math.max(known.size[at] * (now === "bbox" ? 1 : 0.5), 0.05 * largest) * 1.1));
      if (!size) write(read(known), known);
    }
    draw();
  }

  function draw() {
    const scene = viewer.loaded && sceneOf(viewer);
    if (!shape() || !scene) return picture.replaceChildren();
    const { width, height } = viewer.getBoundingClientRect();
    const size = { width, height };
    const matrix = projectionOf(scene);
    const region = read(bounds());
    const points = (list) => list.map((point) => project(matrix, point, size));
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const outlines = shape() === "bbox" ? faces(region).map(({ corners }) => points(corners)) : rings(region).map(points);
    const shapes = outlines.map((outline) => svg("polygon", { points: outline.map((point) => point.map((value) => value.toFixed(1)).join(",")).join(" "), class: shape() === "bbox" && isFront(outline) ? "front" : shape() === "bbox" ? "back" : "ring" }));
    shapes.sort((a, b) => b.classList.contains("back") - a.classList.contains("back"));
    const grips = handles(region).map((handle) => {
      const [x, y] = project(matrix, handle.at, size);
      const grip = svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: handle.axis === null ? 9 : 7, class: handle.axis === null ? "grip middle" : `grip ${SIDES[handle.axis]}` });
      grip.addEventListener("pointerdown", (event) => pull(event, handle));
      return grip;
    });
    if (!picture.dataset.pulled) picture.replaceChildren(...shapes, ...grips);
    else picture.replaceChildren(...shapes, ...grips.map((grip) => (grip.style.pointerEvents = "none", grip)));
  }

  // The whole picture listens while it is pulled, for its handles are drawn anew.
  function pull(event, handle) {
    event.preventDefault();
    const known = bounds();
    const start = read(known);
    const matrix = projectionOf(sceneOf(viewer));
    const size = viewer.getBoundingClientRect();
    picture.dataset.pulled = "yes";
    const move = (now) => write(pulled(start, handle, [now.clientX - event.clientX, now.clientY - event.clientY], matrix, size), known);
    const end = () => {
      delete picture.dataset.pulled;
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      draw();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  function hear(event) {
    if (!viewer.isConnected) return document.removeEventListener("input", hear);
    if (event.target.closest?.("[name=mask_type]")) begin();
    else if (event.target.closest?.("[name=mask_center], [name=mask_size]")) draw();
  }

  document.addEventListener("input", hear);
  viewer.addEventListener("load", begin);
  viewer.addEventListener("camera-change", draw);
  new ResizeObserver(draw).observe(viewer);
  begin();
  return begin;
}

function svg(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
