// Nobody gets past here whom the server does not know; where it has no accounts, nobody notices.

import { api } from "./api.js";
import { h, labelled, say } from "./dom.js";
import { hasAccounts, isIn, learnSession, logIn, mayRegister, user } from "./session.js";

const AGAIN_MS = 1000;

let asking = null; // one login is asked for at a time
let before; // who was logged in when the session ended

// Resolves when somebody is in. A server that is away is waited for.
export async function enter() {
  for (;;) {
    try {
      await learnSession();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  if (!isIn()) await ask();
}

// The session may have ended while the page was open: what stands there stays, unless somebody else comes.
document.addEventListener("session-over", async () => {
  if (asking || !hasAccounts()) return;
  before ??= user()?.user_id;
  await learnSession().catch(() => {});
  if (isIn()) return;
  await ask();
  if (user().user_id !== before) location.reload();
  document.dispatchEvent(new Event("session-begun"));
});

function ask() {
  asking ??= new Promise((resolve) => {
    const dialog = draw(() => {
      dialog.close();
      dialog.remove();
      asking = null;
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

function draw(done) {
  const name = labelled("Name", h("input", { id: "login-name", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true }));
  const email = labelled("E-mail, if you like", h("input", { id: "login-email", type: "email", autocomplete: "email" }));
  const password = labelled("Password", h("input", { id: "login-password", type: "password", autocomplete: "current-password", required: true }));
  const complaint = h("p", { class: "complaint", role: "alert", hidden: true });
  const go = h("button", { class: "primary", type: "submit" }, "Log in");
  const other = h("button", { class: "quiet", type: "button", hidden: !mayRegister(), onclick: () => turn(!isNew) }, "Make an account");
  const heading = h("h2", { id: "login-title" }, "Log in");
  let isNew = false;

  function turn(wanted) {
    isNew = wanted;
    email.hidden = !isNew;
    say(heading, isNew ? "Make an account" : "Log in");
    say(go, isNew ? "Make it" : "Log in");
    say(other, isNew ? "I have an account" : "Make an account");
    password.lastChild.autocomplete = isNew ? "new-password" : "current-password";
  }

  async function send(event) {
    event.preventDefault();
    complaint.hidden = true;
    go.disabled = true;
    const [username, secret] = [name.lastChild.value, password.lastChild.value];
    try {
      if (isNew) await api.register({ username, password: secret, ...(email.lastChild.value && { email: email.lastChild.value }) });
      await logIn(username, secret);
      done();
    } catch (error) {
      complaint.hidden = false;
      say(complaint, error.message);
      password.lastChild.select();
    }
    go.disabled = false;
  }

  const form = h("form", { class: "panel", novalidate: false, onsubmit: send },
    h("img", { src: "/static/icon.svg", alt: "", width: 48, height: 48 }), heading, name, email, password, complaint, go, other);
  turn(false);
  const dialog = h("dialog", { class: "login", "aria-labelledby": "login-title" }, form);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  return dialog;
}
