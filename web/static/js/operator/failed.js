// Failed jobs with everything that can be known of why: each attempt, where and when it ran, and its last words.

import { api } from "../api.js";
import { titleOf } from "../catalogue.js";
import { duration, h, keep, say, title, words } from "../dom.js";
import { clock, nameOf } from "../job.js";
import { answerTo, button, makeAnswer } from "../orders.js";
import { hasOwners, learnOwners, ownerName } from "./owners.js";

export const TITLE = "Failed";

const PAGE = 30;

let list, note, more;
let jobs = [];
let cursor = null;
let counted = -1;

export function make(place) {
  list = h("div", { class: "failed" });
  note = h("p", { class: "note" });
  more = button("Show older ones", () => learn(cursor), { class: "quiet", hidden: true });
  place.append(list, note, more);
}

export async function show() {
  await learnOwners();
  await learn();
}

export function draw({ queue }) {
  if (queue.failed_jobs === counted) return;
  counted = queue.failed_jobs;
  learn();
}

async function learn(from = null) {
  try {
    const page = await api.jobs({ status: "failed", limit: PAGE, ...(hasOwners() && { owner: "*" }), ...(from && { cursor: from }) });
    const older = from ? jobs : [];
    const known = new Set(page.jobs.map(({ id }) => id));
    // The newest page replaces itself; what was shown of older ones stays.
    jobs = from ? [...older, ...page.jobs] : [...page.jobs, ...jobs.filter(({ id, created_at }) => !known.has(id) && page.next_cursor && created_at < page.jobs.at(-1).created_at)];
    if (from || cursor === null) cursor = page.next_cursor;
    keep(list, jobs, makeFailed, () => {});
    more.hidden = !cursor;
    say(note, jobs.length ? "" : "Nothing has failed.");
  } catch {
    // The line in the header says that the server does not answer.
  }
}

function makeFailed(job) {
  const answer = makeAnswer();
  const retry = button("Try again", () => answerTo(answer, async () => {
    const made = await api.retry(job.id);
    answer.after(h("p", { class: "note" }, h("a", { href: `#job=${made.id}` }, "Show the new job")));
    return made;
  }, (made) => `It is tried again as ${made.id}.`));
  const details = h("details", { class: "panel" },
    h("summary", {}, h("span", { class: "message" }, job.error.message),
      h("span", { class: "note" }, [nameOf(job), titleOf(job.feature), job.model, hasOwners() && ownerName(job.owner), clock(job.finished_at)].filter(Boolean).join(", "))));
  // Its inside is made when somebody looks.
  details.addEventListener("toggle", () => details.childElementCount > 1 || details.append(
    job.error.suggestion && h("p", {}, title(job.error.suggestion)),
    ...attempts(job),
    drawHistory(job),
    h("div", { class: "actions" }, retry,
      h("a", { class: "button", href: `/api/v1/jobs/${encodeURIComponent(job.id)}/evidence`, download: "" }, "Download the evidence"),
      h("a", { class: "button", href: `#job=${job.id}` }, "Show the job")),
    answer));
  return details;
}

function attempts(job) {
  const stories = job.failures.length ? job.failures : [job.error];
  return stories.map((story, at) => h("details", { class: "attempt", open: at === stories.length - 1 },
    h("summary", {}, `Attempt ${story.attempt}: ${words(story.code)}`,
      h("span", { class: "note" }, [story.worker && `on ${story.worker}`, story.at && clock(story.at, true), story.retryable && "might succeed elsewhere"].filter(Boolean).join(", "))),
    story.message !== job.error.message && h("p", { class: "message" }, story.message),
    h("pre", { class: "log", tabindex: "0", role: "region", "aria-label": `What the model printed in attempt ${story.attempt}` }, story.log_tail || "The model printed nothing.")));
}

// What happened when: seconds count from the first line.
function drawHistory(job) {
  const begun = new Date(job.created_at);
  return h("details", { class: "attempt" }, h("summary", {}, "What happened when"),
    h("ol", { class: "story" }, ...job.history.map((line) => h("li", {},
      h("span", { class: "count" }, `+${duration(Math.max(0, (new Date(line.at) - begun) / 1000))}`),
      h("span", {}, [words(line.kind), typeof line.detail === "string" ? words(line.detail) : JSON.stringify(line.detail)].filter(Boolean).join(": "))))));
}
