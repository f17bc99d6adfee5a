// What can be done with a job: stop it, have it, make it again, forget it.

import { api } from "./api.js";
import { $, h } from "./dom.js";
import { isFinal } from "./job.js";
import { hide, show } from "./stage.js";
import * as store from "./store.js";

export function drawActions(job, main) {
  if (!isFinal(job)) return h("div", { class: "actions" }, button("Cancel", (self) => stop(job, self)));
  const way = job.status !== "completed" ? "Try again" : "seed" in job.params ? "Another seed" : "Make again";
  const retry = (kind) => button(way, (self) => again(job, self), { class: kind, data: { key: "r" } });
  return h("div", { class: "actions" },
    main && h("a", { class: "button main", href: main.url, download: main.name, data: { key: "d" } }, `Download ${main.format.toUpperCase()}`),
    // What was refused for its input will be refused again as it is.
    !main && !isHopeless(job) && retry("button main"),
    button("Change it", () => document.dispatchEvent(new CustomEvent("reuse-job", { detail: job })), { class: isHopeless(job) ? "button main" : "", data: { key: "e" } }),
    (main || isHopeless(job)) && retry(""),
    drawDelete(job));
}

const isHopeless = (job) => job.status === "failed" && job.error?.code === "input_invalid";

export function button(text, onclick, more = {}) {
  return h("button", { type: "button", onclick: (event) => onclick(event.currentTarget), ...more }, text);
}

async function stop(job, self) {
  self.disabled = true;
  try {
    store.put(await api.cancel(job.id));
  } catch (error) {
    self.disabled = false;
    complain(error);
  }
}

async function again(job, self) {
  self.disabled = true;
  try {
    const made = await api.retry(job.id);
    store.put(made);
    show(made.id);
  } catch (error) {
    self.disabled = false;
    complain(error);
  }
}

// Asked once more, in place: what is deleted does not come back.
function drawDelete(job) {
  let isSure = false;
  const self = button("Delete", async () => {
    if (!isSure) {
      isSure = true;
      self.textContent = "Delete for ever";
      self.classList.add("danger");
      return;
    }
    try {
      await api.remove(job.id);
      hide();
      store.drop(job.id);
    } catch (error) {
      complain(error);
    }
  }, { class: "quiet" });
  self.addEventListener("blur", () => {
    isSure = false;
    self.textContent = "Delete";
    self.classList.remove("danger");
  });
  return self;
}

function complain(error) {
  const place = $("shown").querySelector(".complaint");
  place.hidden = false;
  place.textContent = error.message;
}
