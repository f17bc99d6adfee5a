// The newest lines of the server's log, of all its processes together.

import { api } from "../api.js";
import { h, keep, say } from "../dom.js";
import { offer } from "./parts.js";

export const TITLE = "Log";

const LINES = 2000; // looked through
const SHOWN = 200;
const AGAIN_MS = 2000;
const LEVELS = [["DEBUG", "all levels"], ["INFO", "info and above"], ["WARNING", "warnings and above"], ["ERROR", "errors only"]];

let level, words, follow, note, list;
let lines = [];
let askedAt = 0;

export function make(place) {
  level = h("select", { "aria-label": "Level", onchange: learn });
  offer(level, LEVELS);
  level.value = "INFO";
  words = h("input", { type: "search", "aria-label": "Find in the log", placeholder: "Find", oninput: drawLines });
  follow = h("input", { type: "checkbox", id: "follow-log", checked: true });
  note = h("p", { class: "note", role: "status" });
  list = h("ol", { class: "panel log-lines", "aria-label": "Lines, the newest first", tabindex: "0" });
  place.append(h("div", { class: "toolbar" }, level, words, h("span", { class: "check" }, follow, h("label", { for: "follow-log" }, "look again by itself"))), note, list);
}

export const show = () => learn();

// While anything is heard of the server at all, new lines are looked for.
export function draw() {
  if (follow.checked && performance.now() - askedAt > AGAIN_MS) learn();
}

async function learn() {
  askedAt = performance.now();
  try {
    lines = (await api.log({ lines: LINES, level: level.value })).logs.reverse();
    drawLines();
  } catch (error) {
    say(note, error.message);
  }
}

function drawLines() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = lines.filter(({ message, process, logger }) => {
    const whole = `${message} ${process} ${logger}`.toLowerCase();
    return wanted.every((word) => whole.includes(word));
  });
  const looked = lines.length < LINES ? "" : ` in the last ${LINES.toLocaleString()} lines`;
  say(note, !found.length ? `No line is like that${looked}.` : found.length > SHOWN ? `The newest ${SHOWN} of ${found.length.toLocaleString()}${looked}.` : "");
  list.hidden = !found.length;
  keep(list, found.slice(0, SHOWN).map((line) => ({ ...line, id: `${line.timestamp} ${line.process} ${line.message}` })), makeLine, () => {});
}

function makeLine({ timestamp, level: name, process, message }) {
  const [event, ...more] = message.split(" ");
  return h("li", { class: `is-${name.toLowerCase()}` },
    h("time", { datetime: timestamp }, new Date(timestamp).toLocaleTimeString()),
    h("span", { class: "level" }, name.toLowerCase()), h("span", { class: "process" }, process),
    h("span", { class: "what" }, h("b", {}, event), ` ${more.join(" ")}`));
}
