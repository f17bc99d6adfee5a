// Everybody's accounts, for admins: made, given a role, closed, removed; and what was done that concerns others.

import { api } from "../api.js";
import { h, keep, labelled, say, words } from "../dom.js";
import { user } from "../session.js";
import { answerTo, button, makeAnswer } from "../orders.js";
import { confirmed } from "./parts.js";

export const TITLE = "Accounts";

const ROLES = ["user", "operator", "admin"];

let list, answer, log, older;
let next = null;

export function make(place) {
  answer = makeAnswer();
  list = h("ul", { class: "panel processes accounts", "aria-label": "Accounts" });
  log = h("ol", { class: "panel audit", "aria-label": "What was done" });
  older = button("Show older lines", () => learnLog(next), { class: "quiet", hidden: true });
  place.append(drawNew(), answer, list, h("h3", {}, "What was done"), log, older);
}

export function show() {
  learn();
  log.replaceChildren();
  learnLog();
}

export function draw() {} // nothing here depends on what the server does

async function learn() {
  await answerTo(answer, api.accounts, ({ users }) => {
    keep(list, users.map((one) => ({ id: one.user_id, ...one })), makeAccount, fillAccount);
    return answer.textContent;
  });
}

function drawNew() {
  const name = h("input", { id: "account-name", required: true, minlength: 3, autocomplete: "off" });
  const password = h("input", { id: "account-password", type: "password", required: true, autocomplete: "new-password" });
  const role = h("select", { id: "account-role" }, ...ROLES.map((value) => h("option", { value }, value)));
  const form = h("form", { class: "panel make-account", "aria-label": "A new account", onsubmit: async (event) => {
    event.preventDefault();
    const body = { username: name.value, password: password.value, role: role.value };
    if (!(await answerTo(answer, () => api.addAccount(body), () => `${body.username} is ${body.role} now.`))) return;
    form.reset();
    learn();
  } }, labelled("Name", name), labelled("Password", password), labelled("Role", role), h("button", { type: "submit" }, "Make an account"));
  return form;
}

function makeAccount(one) {
  const { id, username } = one;
  const isSelf = id === user()?.user_id; // who could shut out themselves
  const change = (body, told) => answerTo(answer, () => api.changeAccount(id, body), () => told).then(learn);
  const role = h("select", { "aria-label": `Role of ${username}`, disabled: isSelf, onchange: () => change({ role: role.value }, `${username} is ${role.value} now.`) },
    ...ROLES.map((value) => h("option", { value }, value)));
  const password = h("input", { type: "password", autocomplete: "new-password", "aria-label": `New password of ${username}` });
  return h("li", {}, h("span", { class: "badge" }), h("b", {}, username), h("span", { class: "note" }),
    h("span", { class: "actions" }, role,
      button("Password", async () => {
        password.value = "";
        if (await confirmed(`Another password for ${username}?`, "Set it", password) && password.value) change({ password: password.value }, `${username} has another password.`);
      }, { "aria-label": `Set the password of ${username}` }),
      button("Close", (self) => change({ is_active: self.dataset.to === "open" }, self.dataset.to === "open" ? `${username} may come in again.` : `${username} is let in no more.`), { class: "close", disabled: isSelf }),
      button("Remove", async () => {
        if (await confirmed(`Remove the account ${username}? Its jobs stay until they expire.`, "Remove it")) answerTo(answer, () => api.removeAccount(id), () => `${username} is gone.`).then(learn);
      }, { disabled: isSelf, "aria-label": `Remove ${username}` })));
}

function fillAccount(node, { username, email, role, is_active, created_at }) {
  node.firstChild.className = `badge ${is_active ? "good" : "bad"}`;
  say(node.firstChild, is_active ? role : "closed");
  say(node.querySelector(".note"), [email, `since ${new Date(created_at).toLocaleDateString()}`].filter(Boolean).join(", "));
  const select = node.querySelector("select");
  if (document.activeElement !== select) select.value = role;
  const close = node.querySelector(".close");
  close.dataset.to = is_active ? "closed" : "open";
  say(close, is_active ? "Close" : "Open");
  close.setAttribute("aria-label", `${close.textContent} the account ${username}`);
}

async function learnLog(before = null) {
  try {
    const { entries, next_before } = await api.audit({ limit: 50, ...(before && { before }) });
    log.append(...entries.map((line) => h("li", {}, h("time", { datetime: line.at }, new Date(line.at).toLocaleString()),
      h("span", {}, h("b", {}, words(line.action.replace(".", " "))), ` ${[line.subject, line.detail].filter(Boolean).join(", ")}`),
      h("span", { class: "note" }, [line.name || line.actor, line.address].filter(Boolean).join(", ")))));
    next = next_before;
    older.hidden = !next;
  } catch {
    // The list above tells what is wrong.
  }
}
