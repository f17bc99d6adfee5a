// Asking again while the server is away.

import { Unreachable } from "./api.js";

const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000, 8000];

// What `ask` answers. While the server is not reached `onTrouble` hears so; after a minute the error is final.
// Only for what does no harm when it is done twice.
export async function patiently(ask, onTrouble) {
  for (const pause_ms of PAUSES_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      onTrouble(new Unreachable(`${error.message} Trying again…`));
      await new Promise((resolve) => { setTimeout(resolve, pause_ms); });
    }
  }
  return ask();
}
