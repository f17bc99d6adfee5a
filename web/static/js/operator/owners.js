// Owners of jobs by their names, where accounts have some.

import { api } from "../api.js";
import { hasAccounts } from "../session.js";

const names = new Map([["", "nobody's"]]);
let isLearning = false;

export async function learnOwners() {
  if (isLearning || !hasAccounts()) return;
  isLearning = true;
  try {
    for (const { id, name } of (await api.owners()).owners) names.set(id ?? "", name);
  } catch {
    // Without accounts everything is nobody's.
  }
  isLearning = false;
}

export const ownerName = (id) => names.get(id ?? "") ?? id;
export const hasOwners = hasAccounts;
