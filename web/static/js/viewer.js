// A mesh that can be turned around.

import { drawCompare } from "./compare.js";
import { h, title } from "./dom.js";
import { mainOutput, nameOf, picture, thumbnail } from "./job.js";
import * as store from "./store.js";
import { canShowEdges, showEdges } from "./wireframe.js";

const MODULE = "/static/vendor/model-viewer@4.4.0/model-viewer.min.js";

// The viewer would ask other hosts for the decoders of compressed meshes. Nothing that this server makes needs them;
// a file that does is shown as an error, and no request ever leaves this server.
const DECODERS = "/static/vendor/decoders/";
self.ModelViewerElement = {
  dracoDecoderLocation: DECODERS,
  ktx2TranscoderLocation: DECODERS,
  lottieLoaderLocation: `${DECODERS}lottie.js`,
};

const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function drawMesh(job) {
  const view = drawView(mainOutput(job).url, { alt: `3D model of ${nameOf(job)}`, poster: thumbnail(job)?.url });
  const before = job.inputs.mesh;
  if (canCompare(job)) {
    view.querySelector(".tools").prepend(drawCompare(view, () => makeViewer(before.url, { alt: `The mesh before: ${before.filename}` })));
  }
  view.addEventListener("gone", () => store.lose(job.id));
  view.append(drawSource(job));
  return view;
}

export const canCompare = (job) => job.inputs.mesh?.content_type === "model/gltf-binary";

// A viewer with its buttons. `isTurning`: whether it turns by itself.
export function drawView(src, { isTurning = !isCalm(), ...more }) {
  const view = h("div", { class: "view mesh" });
  const viewer = makeViewer(src, { "auto-rotate": isTurning, "auto-rotate-delay": "0", "camera-controls": true, ...more });
  viewer.addEventListener("error", async () => {
    view.classList.remove("mesh");
    for (const part of [".turntable", ".tools"]) view.querySelector(part).remove();
    const isLost = await isGone(src);
    if (isLost) view.dispatchEvent(new Event("gone"));
    view.prepend(h("p", { class: "lead wait" }, isLost ? "The file is gone: results are kept for a while only. Make it again." : "This browser cannot show the mesh. The file itself can be downloaded."));
  });
  // Beside each other and not over each other: nothing covers a head or a foot.
  view.append(drawTools(view, viewer, isTurning), h("div", { class: "turntable" }, viewer));
  return view;
}

export function makeViewer(src, more) {
  const viewer = h("model-viewer", {
    src,
    "environment-image": "neutral",
    "tone-mapping": "neutral",
    "shadow-intensity": "0.9",
    "interaction-prompt": "none",
    "touch-action": "pan-y",
    ...more,
  }, h("div", { slot: "progress-bar" }));
  import(MODULE).catch(() => viewer.dispatchEvent(new Event("error")));
  return viewer;
}

async function isGone(src) {
  const answer = await fetch(src, { method: "HEAD" }).catch(() => null);
  return [404, 410].includes(answer?.status);
}

function drawTools(view, viewer, isTurning) {
  const turn = h("button", { type: "button", class: "turn", "aria-pressed": String(isTurning), data: { key: "t" } }, "Turn");
  turn.addEventListener("click", () => {
    viewer.autoRotate = !viewer.autoRotate;
    turn.setAttribute("aria-pressed", String(viewer.autoRotate));
  });
  const wires = h("button", { type: "button", "aria-pressed": "false", hidden: true, data: { key: "w" } }, "Wireframe");
  wires.addEventListener("click", () => {
    const isOn = wires.getAttribute("aria-pressed") !== "true";
    wires.setAttribute("aria-pressed", String(isOn));
    showEdges(viewer, isOn);
  });
  viewer.addEventListener("load", () => { wires.hidden = !canShowEdges(viewer); });
  const front = h("button", { type: "button", data: { key: "0" }, onclick: () => {
    viewer.cameraOrbit = "0deg 75deg auto";
    viewer.cameraTarget = "auto auto auto";
    viewer.fieldOfView = "auto";
    viewer.resetTurntableRotation(0);
    if (isCalm()) viewer.jumpCameraToGoal();
  } }, "Front");
  const fill = h("button", { type: "button", data: { key: "f" }, onclick: () => (document.fullscreenElement ? document.exitFullscreen() : view.requestFullscreen()) }, "Full screen");
  return h("div", { class: "tools" }, wires, front, turn, document.fullscreenEnabled && fill);
}

// In a corner: what it was made from, for comparison, or drawings of what the mesh itself does not show, as its parts
// and its skeleton.
function drawSource(job) {
  const source = picture(job);
  if (source) return h("img", { class: "source", src: source.url, alt: `The picture it was made from: ${source.filename}` });
  if (!job.outputs.some(({ role }) => role === "part" || role === "preview")) return "";
  const drawings = job.outputs.filter(({ role, format }) => (role === "thumbnail" || role === "preview") && format === "png");
  return h("div", { class: "drawings" }, ...drawings.map(({ name, url }) =>
    h("a", { href: url, target: "_blank", title: `${name}, larger` }, h("img", { class: "source", src: url, alt: `Drawing: ${title(name)}` }))));
}
