// One WebSocket for everything. After a break it says until when it has heard, and hears what ended since, then that it
// is subscribed; of what the server cannot tell any more it says so (an event `gap`).

import { isIn } from "./session.js";

const PAUSES = [250, 500, 1000, 2000, 5000];

export function connect({ onEvent, onState }) {
  let tries = 0;
  let socket;
  let after; // until then all was heard
  let latest; // the latest time that was heard
  let isBehind = false; // what was missed is still being told

  function open() {
    onState("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/api/v1/events`);
    socket.onopen = () => {
      tries = 0;
      latest = after;
      isBehind = after !== undefined;
      socket.send(JSON.stringify({ type: "subscribe", all: true, system: true, after }));
      onState("live");
    };
    socket.onmessage = (message) => {
      const parsed = JSON.parse(message.data);
      for (const event of Array.isArray(parsed) ? parsed : [parsed]) {
        if (event.at && !(event.at < latest)) latest = event.at;
        if (event.type === "subscribed") isBehind = false;
        if (!isBehind) after = latest;
        onEvent(event);
      }
    };
    socket.onclose = () => {
      onState("lost");
      document.dispatchEvent(new Event("session-over")); // perhaps; it is asked
      setTimeout(again, PAUSES[Math.min(tries++, PAUSES.length - 1)]);
    };
  }

  // Whoever has to log in first is not let in before.
  function again() {
    if (isIn()) open();
    else document.addEventListener("session-begun", open, { once: true });
  }

  open();
}
