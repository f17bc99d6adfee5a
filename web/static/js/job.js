// A job in words.

import { about, duration, percent, words } from "./dom.js";

export const isFinal = (job) => ["completed", "failed", "cancelled"].includes(job.status);
export const mainOutput = (job) => job.outputs.find((out) => out.role === "model");
export const thumbnail = (job) => job.outputs.find((out) => out.role === "thumbnail");
const isPicture = (item) => /^image\//.test(item?.content_type ?? "");
// Of two pictures that which the result resembles.
export const picture = (job) => [job.inputs.target_image, ...Object.values(job.inputs)].find(isPicture);

// How it looks: its own drawing, or what it was made from.
export const pictureOf = (job) => job.urls.thumbnail ?? picture(job)?.url;

export function nameOf(job) {
  const inputs = Object.values(job.inputs);
  return job.metadata.name ?? inputs.find((item) => item.text)?.text ?? inputs.find((item) => item.filename)?.filename ?? words(job.feature);
}

export function stateOf(job) {
  if (job.stage === "cancelling") return "cancelling";
  if (job.status === "completed") return `${words(job.feature)}, ${duration(job.timings.running_s)}`;
  if (job.status === "failed") return job.error?.message ?? "failed";
  if (job.status === "cancelled") return "cancelled";
  if (job.stage === "waiting" && job.status === "processing") return job.progress.message || "waiting";
  if (job.stage === "loading_model") return "loading the model"; // which tells nothing of how far it is
  if (job.status === "processing") return `${words(job.stage) || "starting"} ${percent(job.progress.fraction)}`;
  return placeOf(job);
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

export function clock(instant) {
  const at = new Date(instant);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday
    ? at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : at.toLocaleDateString([], { day: "numeric", month: "short" });
}
