// One's own account: who one is, the menu at the top, the password, and tokens for programs.

import { api } from "./api.js";
import { $, h, keep, labelled, say } from "./dom.js";
import { answerTo, button, makeAnswer } from "./orders.js";
import { hasAccounts, logOut, user } from "./session.js";

const DAYS = [["30", "30 days"], ["90", "90 days"], ["365", "a year"]];

let tokens, none, fresh;

// The menu at the top
export function startAccount() {
  $("account-menu").hidden = !hasAccounts();
  if (!hasAccounts()) return;
  const { username, role } = user();
  $("account-menu").replaceChildren(
    h("summary", {}, username),
    h("div", { class: "panel menu" },
      h("p", { class: "note" }, `${username}, ${role}`),
      h("a", { href: "#account" }, "Account and tokens"),
      button("Log out", leave)));
  addEventListener("click", (event) => {
    if (!$("account-menu").contains(event.target) || event.target.closest("a")) $("account-menu").open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !$("account-menu").open) return;
    $("account-menu").open = false;
    $("account-menu").firstChild.focus();
  });
}

async function leave() {
  try {
    await logOut();
  } finally {
    location.replace("/"); // nothing of what was shown stays
  }
}

// The view
export function showAccount() {
  if (!$("account").childElementCount) make($("account"));
  learn();
}

function make(place) {
  const { username, email, role } = user();
  fresh = h("div", { class: "fresh", role: "status" });
  tokens = h("ul", { class: "tokens", "aria-label": "Tokens" });
  none = h("p", { class: "note", hidden: true }, "There is none yet.");
  place.append(
    h("section", { class: "panel" },
      h("h2", {}, username), h("p", { class: "note" }, [email, role].filter(Boolean).join(", ")),
      h("div", { class: "actions" }, button("Log out", leave))),
    h("section", { class: "panel" }, h("h2", {}, "Password"), drawPassword()),
    h("section", { class: "panel wide" }, h("h2", {}, "Tokens for programs"),
      h("p", { class: "note" }, "A program that sends one as “Authorization: Bearer …” acts as you. A token is shown once."),
      drawNew(), fresh, tokens, none));
}

function drawPassword() {
  const answer = makeAnswer();
  const [old, chosen] = [input("old-password", "current-password"), input("new-password", "new-password")];
  const form = h("form", { class: "stack", onsubmit: async (event) => {
    event.preventDefault();
    const isDone = await answerTo(answer, () => api.changePassword({ old_password: old.value, new_password: chosen.value }), () => "The password is changed. Other pages that were logged in have to log in again.");
    if (isDone) form.reset();
  } },
  h("input", { type: "text", autocomplete: "username", value: user().username, hidden: true }), // for password managers
  labelled("Old password", old), labelled("New password", chosen), h("div", {}, h("button", { type: "submit" }, "Change it")), answer);
  return form;
}

function drawNew() {
  const answer = makeAnswer();
  const name = h("input", { id: "token-name", required: true, maxlength: 100, placeholder: "What it is for" });
  const days = h("select", { id: "token-days" }, ...DAYS.map(([value, text]) => h("option", { value }, text)));
  return h("form", { class: "make-token", onsubmit: async (event) => {
    event.preventDefault();
    await answerTo(answer, async () => {
      const made = await api.makeToken({ token_name: name.value, expires_in_days: Number(days.value) });
      showFresh(made.token, name.value);
      name.value = "";
      return made;
    }, () => "");
    learn();
  } },
  labelled("Name", name), labelled("Valid for", days), h("button", { type: "submit" }, "Make a token"), answer);
}

// Never to be seen again: it leaves the page with the next one, or when it has been copied and put away.
function showFresh(token, name) {
  const text = h("code", { tabindex: "0" }, token);
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(token);
      say(copy, "Copied");
    } catch {
      getSelection().selectAllChildren(text); // where the browser lets no page write to the clipboard
    }
  });
  fresh.replaceChildren(h("p", {}, `The token ${name}. Copy it now; it is not shown again.`), h("div", { class: "with-button" }, text, copy, button("Put away", () => fresh.replaceChildren())));
  copy.focus();
}

async function learn() {
  try {
    const found = (await api.tokens()).tokens.map((one) => ({ id: one.token_prefix, ...one }));
    none.hidden = found.length > 0;
    keep(tokens, found, makeToken, (node, one) => say(node.querySelector(".note"), ` ${[one.token_prefix, one.role, one.last_used_at ? `last used ${day(one.last_used_at)}` : "never used", one.is_active ? one.expires_at && `until ${day(one.expires_at)}` : "expired"].filter(Boolean).join(", ")}`));
  } catch {
    // A session that is over is asked for by itself.
  }
}

function makeToken({ id, name }) {
  const answer = makeAnswer();
  return h("li", {}, h("span", {}, h("b", {}, name), h("span", { class: "note" })),
    button("Revoke", async (self) => {
      if (self.textContent === "Revoke") {
        say(self, "Revoke for ever");
        return;
      }
      if (await answerTo(answer, () => api.revokeToken(id), () => "")) learn();
    }, { "aria-label": `Revoke ${name}`, onblur: (event) => say(event.currentTarget, "Revoke") }), answer);
}

export const day = (instant) => new Date(instant).toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });

const input = (id, autocomplete) => h("input", { id, type: "password", autocomplete, required: true });
