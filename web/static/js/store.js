// All jobs that the page knows, and who wants to hear of them.

const jobs = new Map();
const listeners = new Set();

export const known = () => [...jobs.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
export const find = (id) => jobs.get(id);
export const listen = (listener) => listeners.add(listener);

export function put(job) {
  const before = jobs.get(job.id);
  // A list that was asked for earlier may arrive after a newer event.
  if (before && before.seq > job.seq) return;
  jobs.set(job.id, job);
  tell(job);
}

export function merge(id, part) {
  const job = jobs.get(id);
  if (job && !isFinal(job)) {
    jobs.set(id, { ...job, ...part });
    tell(jobs.get(id));
  }
}

export function drop(id) {
  jobs.delete(id);
  tell({ id, gone: true });
}

export const isFinal = (job) => ["completed", "failed", "cancelled"].includes(job.status);

function tell(job) {
  for (const listener of listeners) listener(job);
}
