// Building elements. Text is always set as text, so nothing that a server or a file name says becomes markup.

export const $ = (id) => document.getElementById(id);

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// The children of `place` stand for `items`, by their `id`. A child that stays is filled anew and not replaced or
// moved without need: it keeps the keyboard's focus, and its details stay open.
export function keep(place, items, make, fill) {
  const before = new Map([...place.children].map((node) => [node.dataset.key, node]));
  const nodes = items.map((item) => {
    const node = before.get(item.id) ?? make(item);
    node.dataset.key = item.id;
    fill(node, item);
    before.delete(item.id);
    return node;
  });
  for (const node of before.values()) node.remove();
  nodes.forEach((node, at) => place.children[at] === node || place.insertBefore(node, place.children[at] ?? null));
}

export const labelled = (label, of) => h("div", { class: "field" }, h("label", { for: of.id }, label), of);

// Setting the same text again would make a screen reader say it again.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function list(pairs) {
  const told = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return told.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value))));
}

export function bytes(count) {
  if (count >= 2 ** 30) return `${(count / 2 ** 30).toFixed(1)} GiB`;
  if (count >= 2 ** 20) return `${(count / 2 ** 20).toFixed(count < 10 * 2 ** 20 ? 1 : 0)} MiB`;
  return count ? `${Math.max(1, Math.round(count / 1024))} KiB` : "0";
}

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

// Of an estimate, which is never good to a tenth of a second.
export const about = (seconds) => `about ${seconds < 10 ? `${Math.max(1, Math.round(seconds))} s` : duration(seconds)}`;

export const words = (name) => (name ?? "").replaceAll("_", " ");
export const title = (name) => words(name).replace(/^num /, "number of ").replace(/\buv\b/, "UV").replace(/^./, (letter) => letter.toUpperCase());
export const percent = (share) => `${Math.round(100 * share)} %`;
