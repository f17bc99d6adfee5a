// Who uses the page, and what they may. Where the server has no accounts, everybody may everything.

import { api } from "./api.js";

const RANKS = { user: 1, operator: 2, admin: 3 };

let session = { required: false, registration: false, user: null, role: "admin" };

export const hasAccounts = () => session.required;
export const isIn = () => !session.required || session.user !== null;
export const mayRegister = () => session.registration;
export const user = () => session.user;
export const may = (role) => (RANKS[session.role] ?? 0) >= RANKS[role];

export async function learnSession() {
  session = await api.session();
}

export async function logIn(username, password) {
  session = await api.logIn({ username, password });
}

export async function logOut() {
  session = await api.logOut();
}
