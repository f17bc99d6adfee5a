// Which processes there are: who decides, who answers clients, who works.

import { api } from "../api.js";
import { duration, h, keep, say } from "../dom.js";
import { drained, inOrder, leaseState } from "./devices.js";
import { answerTo, button, makeAnswer } from "../orders.js";
import { steps } from "./parts.js";

export const TITLE = "Processes";

let brokers, gateways, workers, answer, noBrokers, noGateways, noWorkers;

export function make(place) {
  answer = makeAnswer();
  const part = (name, list, none) => {
    place.append(h("h3", {}, name), list, none);
    return [list, none];
  };
  const list = (label) => h("ul", { class: "panel processes", "aria-label": label });
  const none = (text) => h("p", { class: "note" }, text);
  [brokers, noBrokers] = part("Brokers", list("Brokers"), none("No broker is known."));
  [gateways, noGateways] = part("Gateways", list("Gateways"), none("No broker answers, and nobody else knows the gateways."));
  [workers, noWorkers] = part("Workers", list("Workers"), none("No worker is connected. Jobs are kept until one is."));
  place.append(answer);
}

export function draw(status) {
  const differing = new Map(status.differing.map(({ id, differences }) => [id, differences]));
  fill(brokers, noBrokers, status.brokers.map((one) => ({ id: one.owner, ...one })), (node, one) => {
    const others = differing.get(one.owner) ?? [];
    badge(node, one.leads ? "good" : others.length ? "bad" : "", one.leads ? `leads, generation ${one.generation}` : `stands by${others.length ? ", differs" : ""}`);
    say(node.children[1], one.owner);
    say(node.children[2], [`heard ${duration(one.seen_s)} ago`, ...others].join("; "));
  });
  fill(gateways, noGateways, status.gateways.map((one) => ({ id: one.boot, ...one })), (node, one) => {
    badge(node, one.differences.length ? "bad" : "good", one.differences.length ? "differs from the broker" : "agrees with the broker");
    say(node.children[1], `${one.host}/${one.pid}`);
    say(node.children[2], [`version ${one.version}`, ...one.differences].join("; "));
  });
  fill(workers, noWorkers, inOrder(status.workers), (node, worker) => fillWorker(node, worker, differing.get(worker.id) ?? []));
}

function fill(list, none, items, draw) {
  none.hidden = items.length > 0;
  list.hidden = !items.length;
  keep(list, items, ({ id }) => makeProcess(id, list === workers), draw);
}

function makeProcess(id, canDrain) {
  return h("li", {}, h("span", { class: "badge" }), h("span", { class: "owner" }), h("span", { class: "note" }),
    canDrain && h("span", { class: "actions" }, button("Drain", (self) => answerTo(answer, () => api.worker(id, self.dataset.action), steps), { data: { action: "drain" } })),
    canDrain && h("ul", { class: "leases" }));
}

function badge(node, kind, text) {
  node.firstChild.className = `badge ${kind}`;
  say(node.firstChild, text);
}

function fillWorker(node, worker, others) {
  const { liveness, draining, quarantined } = worker;
  const isLost = liveness === "lost", needsResume = draining || Boolean(quarantined);
  if (isLost) badge(node, "bad", `lost ${duration(worker.lost_s)} ago`);
  else if (quarantined) badge(node, "bad", quarantined);
  else if (draining) badge(node, "busy", drained(worker));
  else if (liveness !== "alive") badge(node, "bad", "silent");
  else badge(node, others.length ? "bad" : "good", `${worker.leases.length ? "works" : "idle"}${others.length ? ", differs" : ""}`);
  say(node.children[1], `${worker.host}/${worker.id}`);
  const runners = worker.residents.filter(({ pid }) => pid).map(({ residency, pid, state }) => `${residency} ${state}, process ${pid}`);
  say(node.children[2], [`version ${worker.version}`, worker.device.name || worker.device.id, `${runners.length} ${runners.length === 1 ? "runner" : "runners"}${runners.length ? `: ${runners.join("; ")}` : ""}`, ...others].join("; "));
  const order = node.querySelector("button");
  const action = isLost ? "forget" : needsResume ? "resume" : "drain";
  order.dataset.action = action;
  say(order, action[0].toUpperCase() + action.slice(1));
  order.setAttribute("aria-label", `${order.textContent} ${worker.id}`);
  keep(node.lastChild, isLost ? [] : worker.leases, ({ id }) => h("li", {}, h("a", { href: `#job=${id}` }), h("span", { class: "note" })), (row, lease) => {
    say(row.firstChild, lease.name || lease.id);
    say(row.lastChild, ` ${lease.model}, ${leaseState(lease)}`);
  });
}
