// A job in words.

import { titleOf } from "./catalogue.js";
import { about, duration, percent, words } from "./dom.js";

// What is being done, in an artist's words.
const STAGES = {
  loading_model: "loading the model", preprocessing: "preparing", sampling: "shaping", decoding: "building the mesh",
  texturing: "painting", exporting: "writing the file", storing: "saving", waiting: "next in line", retrying: "trying again",
};
export const stageOf = (stage) => STAGES[stage] ?? words(stage);

export const isFinal = (job) => ["completed", "failed", "cancelled"].includes(job.status);
export const mainOutput = (job) => job.outputs.find((out) => out.role === "model");
export const thumbnail = (job) => job.outputs.find((out) => out.role === "thumbnail");
const isPicture = (item) => /^image\//.test(item?.content_type ?? "");
// Of two pictures that which the result resembles.
export const picture = (job) => [job.inputs.target_image, ...Object.values(job.inputs)].find(isPicture);

// How it looks: its own drawing, or what it was made from.
export const pictureOf = (job) => job.urls.thumbnail ?? picture(job)?.url;

// Whole where it is a text; else as the server calls it: by its file, or by the job that made that.
export function nameOf(job) {
  const inputs = Object.values(job.inputs);
  const text = inputs.find((item) => item.text)?.text;
  return job.metadata.name ?? text ?? (inputs.some((item) => item.filename) ? job.name : titleOf(job.feature));
}

export function stateOf(job) {
  if (job.isLost) return "its files are gone";
  if (job.stage === "cancelling") return "cancelling";
  if (job.status === "completed") return `${titleOf(job.feature)}, ${duration(job.timings.running_s)}`;
  if (job.status === "failed") return job.error?.message ?? "failed";
  if (job.status === "cancelled") return "cancelled";
  if (job.status === "queued") return placeOf(job);
  if (job.stage === "waiting") return stageOf(job.stage);
  const share = job.stage === "loading_model" ? "" : ` ${percent(job.progress.fraction)}`; // while it loads nobody knows how far it is
  return [`${stageOf(job.stage) || "starting"}${share}`, leftOf(job)].filter(Boolean).join(", ");
}

// In a narrow list: what is left says more than the stage does.
export function brief(job) {
  const left = job.status === "processing" && !["loading_model", "cancelling"].includes(job.stage) && leftOf(job);
  return left ? `${percent(job.progress.fraction)}, ${left}` : stateOf(job);
}

// As the server foresaw it when it last told, less what has passed since. Once that is over nothing is said.
function leftOf(job) {
  const left_s = (job.progress.estimated_left_s ?? 0) - (performance.now() - (job.heardAt ?? performance.now())) / 1000;
  return left_s > 0.5 ? `${about(left_s)} left` : "";
}

// Nothing is promised where nothing is known: a job that no worker can take has no estimate.
export function forecast(job) {
  const done_s = job.queue?.estimated_done_s ?? null;
  return done_s === null ? "waiting" : `ready in ${about(done_s)}`;
}

export function reasonOf(job) {
  const start_s = job.queue?.estimated_start_s ?? 0;
  return [job.queue?.reason, start_s >= 1 && `starts in ${about(start_s)}`].filter(Boolean).join("; ");
}

function placeOf(job) {
  const before = job.queue?.position;
  return before ? `${before} before it, ${forecast(job)}` : forecast(job);
}

const [timeOfDay, day] = [{ hour: "2-digit", minute: "2-digit" }, { day: "numeric", month: "short" }].map((parts) => new Intl.DateTimeFormat(undefined, parts));

export function clock(instant) {
  const at = new Date(instant);
  return (at.toDateString() === new Date().toDateString() ? timeOfDay : day).format(at);
}
