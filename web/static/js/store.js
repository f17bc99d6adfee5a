// All jobs that the page knows, and who wants to hear of them.

import { isFinal } from "./job.js";

const jobs = new Map();
const listeners = new Set();
let changed = new Map();

export const find = (id) => jobs.get(id);
export const known = () => [...jobs.values()];
export const open = () => known().filter((job) => !isFinal(job));
export const listen = (listener) => listeners.add(listener); // called with the jobs that have changed

export function put(job) {
  const before = jobs.get(job.id);
  // A list that was asked for earlier may arrive after a newer event.
  if (before && before.seq > job.seq) return;
  jobs.set(job.id, { ...job, heardAt: performance.now() });
  tell(jobs.get(job.id));
}

// What is told of how long it will take grows shorter by itself.
export function age() {
  for (const job of open()) if (job.status === "processing" && job.progress.estimated_left_s) tell(job);
}

// Its record stands, and its files do not.
export function lose(id) {
  const job = jobs.get(id);
  if (!job) return;
  jobs.set(id, { ...job, isLost: true });
  tell(jobs.get(id));
}

export function merge(id, part) {
  const job = jobs.get(id);
  if (!job || isFinal(job)) return;
  jobs.set(id, { ...job, ...part, ...(part.progress && { heardAt: performance.now() }) });
  tell(jobs.get(id));
}

export function drop(id) {
  jobs.delete(id);
  tell({ id, gone: true });
}

// One frame brings many events; the page is drawn once for all of them.
function tell(job) {
  if (!changed.size) queueMicrotask(flush);
  changed.set(job.id, job);
}

function flush() {
  const news = [...changed.values()];
  changed = new Map();
  for (const listener of listeners) listener(news);
}
