// A mesh that can be turned around.

import { h, title } from "./dom.js";
import { mainOutput, nameOf, picture, thumbnail } from "./job.js";

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
  const view = h("div", { class: "view" });
  const viewer = h("model-viewer", {
    src: mainOutput(job).url,
    alt: `3D model of ${nameOf(job)}`,
    poster: thumbnail(job)?.url,
    "camera-controls": true,
    "auto-rotate": !isCalm(),
    "auto-rotate-delay": "0",
    "environment-image": "neutral",
    "tone-mapping": "neutral",
    "shadow-intensity": "0.9",
    "interaction-prompt": "none",
    "touch-action": "pan-y",
  }, h("div", { slot: "progress-bar" }));
  const fail = () => {
    viewer.remove();
    view.prepend(h("p", { class: "lead wait" }, "This browser cannot show the mesh. The file itself can be downloaded."));
  };
  viewer.addEventListener("error", fail);
  import(MODULE).catch(fail);
  view.append(viewer, drawSource(job), drawTools(view, viewer));
  return view;
}

function drawTools(view, viewer) {
  const turn = h("button", { type: "button", "aria-pressed": String(!isCalm()) }, "Turn");
  turn.addEventListener("click", () => {
    viewer.autoRotate = !viewer.autoRotate;
    turn.setAttribute("aria-pressed", String(viewer.autoRotate));
  });
  const front = h("button", { type: "button", onclick: () => {
    viewer.cameraOrbit = "0deg 75deg auto";
    viewer.cameraTarget = "auto auto auto";
    viewer.fieldOfView = "auto";
    viewer.resetTurntableRotation(0);
    if (isCalm()) viewer.jumpCameraToGoal();
  } }, "Front");
  const fill = h("button", { type: "button", onclick: () => (document.fullscreenElement ? document.exitFullscreen() : view.requestFullscreen()) }, "Full screen");
  return h("div", { class: "tools" }, front, turn, document.fullscreenEnabled && fill);
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
