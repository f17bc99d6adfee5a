// Before and after: the mesh that was put in, over the one that came out, as far as a slider says; seen from the same side.

import { h } from "./dom.js";

// The button that begins it. `make` makes the viewer of the mesh before.
export function drawCompare(view, make) {
  let parts = null;
  const button = h("button", { type: "button", "aria-pressed": "false", data: { key: "c" } }, "Before");
  button.addEventListener("click", () => {
    if (parts) parts.forEach((part) => part.remove());
    parts = parts ? null : begin(view, make());
    button.setAttribute("aria-pressed", String(!!parts));
    view.classList.toggle("comparing", !!parts);
  });
  return button;
}

function begin(view, before) {
  const after = view.querySelector("model-viewer:not(.before)");
  after.autoRotate = false;
  view.querySelector(".turn").setAttribute("aria-pressed", "false");
  before.classList.add("before");
  // Only its own size bounds a camera; this one goes where the other one is.
  before.setAttribute("min-camera-orbit", "auto 0deg 0m");
  before.setAttribute("max-camera-orbit", "Infinity 180deg Infinity");
  before.setAttribute("min-field-of-view", "1deg");
  before.setAttribute("max-field-of-view", "90deg");
  const follow = () => {
    before.cameraTarget = String(after.getCameraTarget());
    before.cameraOrbit = String(after.getCameraOrbit());
    before.fieldOfView = `${after.getFieldOfView()}deg`;
    before.resetTurntableRotation(after.turntableRotation);
    before.jumpCameraToGoal();
  };
  const line = h("div", { class: "line", "aria-hidden": "true" }, h("span", {}, "before"), h("span", {}, "after"));
  const slider = h("input", { type: "range", class: "slider split", min: "0", max: "100", value: "50", "aria-label": "Share of the picture that shows the mesh before" });
  const cut = () => view.style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", cut);
  cut();
  before.addEventListener("load", follow);
  after.addEventListener("camera-change", follow);
  after.after(before);
  after.parentNode.append(line, slider);
  return [before, line, slider, { remove: () => after.removeEventListener("camera-change", follow) }];
}
