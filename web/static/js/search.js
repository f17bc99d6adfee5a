// Whether a job is one that is looked for, as the server decides it of those that are not here yet (web/search.py).

import { titleOf } from "./catalogue.js";
import { nameOf } from "./job.js";

const plain = (text) => text.toLowerCase().replaceAll("_", " ");

// Everything about a job that somebody may remember.
function told(job) {
  const inputs = Object.values(job.inputs).flatMap((input) => [input.text, input.filename]);
  return [nameOf(job), ...inputs, job.feature, titleOf(job.feature), job.model, ...(job.tags ?? []), ...job.outputs.map((output) => output.format)];
}

// All words of `text`, in any order and anywhere, or the beginning of the id; a state and a feature that are empty stand for all.
export function matches(job, { text = "", status = "", feature = "" }) {
  if (status && job.status !== status) return false;
  if (feature && job.feature !== feature) return false;
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const whole = plain(told(job).filter(Boolean).join("\n"));
  return words.every((word) => whole.includes(word) || (word.length > 5 && job.id.startsWith(word)));
}
