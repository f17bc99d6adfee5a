// Starts the page: what can be made, the jobs so far, the stream, and the two views.

import { api } from "./api.js";
import { startComposer } from "./composer.js";
import { $ } from "./dom.js";
import { hearSystem, startServer } from "./server.js";
import { startShelf } from "./shelf.js";
import { startStage } from "./stage.js";
import * as store from "./store.js";
import { connect } from "./stream.js";

const STATES = { connecting: "connecting", live: "live", lost: "the server does not answer; trying again" };

function hear(event) {
  if (event.job) store.put(event.job);
  else if (event.type === "job.progress") store.merge(event.job_id, { status: "processing", stage: event.stage, progress: event.progress });
  else if (event.type === "job.queue") store.merge(event.job_id, { queue: event.queue });
  else if (event.type === "job.forgotten") store.drop(event.job_id);
  else hearSystem(event);
}

function showView() {
  const name = location.hash === "#server" ? "server" : "make";
  for (const view of ["make", "server"]) $(view).hidden = view !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (name === "server") startServer();
}

async function refill() {
  const page = await api.jobs({ limit: 50 });
  page.jobs.forEach(store.put);
  return page;
}

startStage();
addEventListener("hashchange", showView);
showView();
const first = refill().catch(() => ({ jobs: [] }));
startShelf(first);
startComposer();
let wasLost = false;
connect({
  onEvent: hear,
  onState(state) {
    $("link").dataset.state = state;
    $("link").textContent = STATES[state];
    if (state === "lost") wasLost = true;
    if (state === "live" && wasLost) refill().catch(() => {});
  },
});
