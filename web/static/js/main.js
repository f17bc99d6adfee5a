// Starts the page: who uses it, what can be made, the jobs so far, the stream, and the views.

import { showAccount, startAccount } from "./account.js";
import { api, Unreachable } from "./api.js";
import { reload, startComposer } from "./composer.js";
import { $, say } from "./dom.js";
import { startKeys } from "./keys.js";
import { enter } from "./login.js";
import { hearSystem, hideServer, isServer, showServer } from "./operator/server.js";
import { hasAccounts, may } from "./session.js";
import { startShelf } from "./shelf.js";
import { show, startStage, tellGone } from "./stage.js";
import * as store from "./store.js";
import { connect } from "./stream.js";

const STATES = { connecting: "connecting", live: "live", lost: "no answer, trying again" };

function hear(event) {
  if (event.job) store.put(event.job);
  else if (event.type === "job.progress") store.merge(event.job_id, { status: "processing", stage: event.stage, progress: event.progress });
  else if (event.type === "job.queue") store.merge(event.job_id, { queue: event.queue });
  else if (event.type === "job.forgotten") store.drop(event.job_id);
  else if (event.type === "gap") refill().catch(() => {});
  else {
    if (event.type === "system.catalogue") reload();
    hearSystem(event);
  }
}

async function showView() {
  if (location.hash === "#work") return; // the skip link
  const name = isServer(location.hash) && may("operator") ? "server" : location.hash === "#account" && hasAccounts() ? "account" : "make";
  for (const view of ["make", "server", "account"]) $(view).hidden = view !== name;
  for (const link of document.querySelectorAll(".bar nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (name === "server") showServer(location.hash);
  else hideServer();
  if (name === "account") showAccount();
  const [, wanted] = location.hash.match(/^#job=([\w-]+)$/) ?? [];
  if (wanted) await showJob(wanted);
}

async function showJob(id) {
  try {
    if (!store.find(id)) store.put(await api.job(id));
    show(id);
  } catch (error) {
    if (!(error instanceof Unreachable)) tellGone("This job is not here any more.");
  }
}

// The newest jobs. Those of the same time that are here and no longer there were deleted while nobody told.
async function refill() {
  const before = store.known();
  const page = await api.jobs({ limit: 50 });
  const there = new Set(page.jobs.map(({ id }) => id));
  const since = page.next_cursor ? page.jobs.at(-1).created_at : "";
  page.jobs.forEach(store.put);
  for (const { id, created_at } of before) if (created_at > since && !there.has(id)) store.drop(id);
  return page;
}

await enter();
startAccount();
for (const link of document.querySelectorAll("[data-needs]")) link.hidden = !may(link.dataset.needs);
startStage();
startShelf(refill().catch(() => ({ jobs: [] })));
startComposer();
startKeys();
addEventListener("hashchange", showView);
showView();

setInterval(store.age, 1000);

let wasLost = false;
connect({
  onEvent: hear,
  onState(state) {
    $("link").dataset.state = state;
    say($("link"), STATES[state]);
    if (state === "lost") wasLost = true;
    if (state === "live" && wasLost) {
      refill().catch(() => {});
      reload();
    }
  },
});
