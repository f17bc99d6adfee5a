// A list of any length, of which only what is in sight is asked for and drawn: ten thousand rows cost what forty do.

import { keep } from "../dom.js";

const PAGE = 100; // rows asked for at once
const MARGIN = 6; // rows drawn beyond the edges, so that a slow scroll shows no gaps
const REST_MS = 60;
const TALLEST_PX = 8_000_000; // browsers draw nothing further down

export class Windowed {
  // `ask(offset, limit)` resolves to `{total, jobs}`; `make` and `fill` as for `keep`, an item that is not known yet has
  // no `job`. `onTotal` hears how many there are.
  constructor({ place, rows, rowHeight, ask, make, fill, onTotal }) {
    Object.assign(this, { place, rows, rowHeight, ask, make, fill, onTotal });
    this.pages = new Map(); // page number -> jobs
    this.total = 0;
    this.turn = 0; // answers to questions of an earlier turn are too late
    this.asking = new Set();
    place.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(place);
  }

  // Another filter or order: from the top.
  restart() {
    this.place.scrollTop = 0;
    this.pages.clear();
    return this.refresh();
  }

  // The list has changed: what is in sight is asked for again, and shown as it was until the answer is there.
  async refresh() {
    this.turn += 1;
    this.asking.clear();
    const [first, last] = this.#inSight();
    const wanted = this.#pagesOf(first, last);
    await Promise.all(wanted.map((page) => this.#fetch(page)));
    for (const page of this.pages.keys()) if (!this.#pagesOf(...this.#inSight()).includes(page)) this.pages.delete(page);
  }

  draw() {
    const height = this.rowHeight();
    const [first, last] = this.#inSight();
    this.rows.style.height = `${Math.min(this.total * height, TALLEST_PX)}px`;
    const items = [];
    for (let at = first; at < last; at += 1) {
      const job = this.pages.get(Math.floor(at / PAGE))?.[at % PAGE];
      items.push({ id: job?.id ?? `at ${at}`, at, job });
    }
    // What has the focus stays, wherever it has gone.
    const held = document.activeElement?.closest("[data-key]");
    if (held?.parentNode === this.rows && !items.some(({ id }) => id === held.dataset.key)) {
      const at = Number(held.ariaRowIndex) - 1;
      const item = { id: held.dataset.key, at, job: this.pages.get(Math.floor(at / PAGE))?.find(({ id }) => id === held.dataset.key) };
      if (item.job) items[at < first ? "unshift" : "push"](item);
    }
    keep(this.rows, items, this.make, (node, item) => {
      node.ariaRowIndex = String(item.at + 1);
      node.style.transform = `translateY(${item.at * height}px)`;
      this.fill(node, item);
    });
    // Of a list that flies past nothing is asked for.
    this.resting ||= setTimeout(() => {
      this.resting = 0;
      for (const page of this.#pagesOf(...this.#inSight())) if (!this.pages.has(page)) this.#fetch(page);
    }, REST_MS);
  }

  #inSight() {
    const height = this.rowHeight();
    const first = Math.max(0, Math.floor(this.place.scrollTop / height) - MARGIN);
    const count = Math.ceil(this.place.clientHeight / height) + 2 * MARGIN;
    return [first, Math.min(this.total, first + count)];
  }

  #pagesOf(first, last) {
    const from = Math.floor(first / PAGE), to = Math.floor(Math.max(first, last - 1) / PAGE);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  }

  async #fetch(page) {
    if (this.asking.has(page)) return;
    this.asking.add(page);
    const turn = this.turn;
    try {
      const { total, jobs } = await this.ask(page * PAGE, PAGE);
      if (turn !== this.turn) return;
      this.pages.set(page, jobs);
      this.total = total;
      this.onTotal(total);
      this.draw();
    } catch {
      // Asked again with the next news; the line in the header says if nobody answers.
    } finally {
      if (turn === this.turn) this.asking.delete(page);
    }
  }
}
