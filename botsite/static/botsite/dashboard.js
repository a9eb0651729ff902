// Keeps the dashboard current without a flicker, and says what the charts show under the pointer.
"use strict";

const POLL_MS = 12000;
const LONGEST_MS = 120000;
const DEADLINE_MS = 10000;

class Live {
  constructor(root, fresh) {
    this.root = root;
    this.fresh = fresh;
    this.etag = root.dataset.etag;
    this.failures = 0;
    this.looking = false;
    this.wait();
    document.addEventListener("visibilitychange", () => this.wait(document.hidden ? POLL_MS : 0));
  }

  // One timer at a time, none in a hidden window, later and later while nothing answers.
  wait(milliseconds = this.pause()) {
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => this.look(), milliseconds);
  }

  pause() {
    const pause = Math.min(POLL_MS * 2 ** this.failures, LONGEST_MS);
    return pause * (0.9 + Math.random() * 0.2);
  }

  async look() {
    if (this.looking) return;
    this.looking = true;
    try {
      const response = await fetch(this.root.dataset.live, {
        headers: { "If-None-Match": this.etag },
        cache: "no-store",
        redirect: "manual",
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      // A redirect leads to the login page: the session has ended.
      if (response.type === "opaqueredirect" || response.status === 403) return location.reload();
      if (response.status !== 304) await this.show(response);
      this.failures = 0;
      this.say(true);
    } catch {
      this.failures += 1;
      this.say(false);
    } finally {
      this.looking = false;
    }
    this.wait();
  }

  async show(response) {
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of page.querySelectorAll("[data-part]")) swap(part);
    this.etag = response.headers.get("ETag");
  }

  // What is shown stays, and is marked as old when nothing answers.
  say(isFresh) {
    this.fresh.classList.toggle("is-stale", !isFresh);
    this.root.classList.toggle("is-stale-page", !isFresh);
    const text = isFresh ? this.fresh.dataset.freshText : this.fresh.dataset.staleText;
    this.fresh.querySelector("[data-fresh-label]").textContent = text;
    if (isFresh) {
      const time = new Date().toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23" });
      this.fresh.querySelector("[data-fresh-time]").textContent = time;
    }
  }
}

// Puts a new part in the place of the old one, if it differs; what is open, focused and pointed at stays so.
function swap(part) {
  const old = document.getElementById(part.id);
  if (!old) return;
  for (const details of old.querySelectorAll("details[id]")) {
    const renewed = part.querySelector(`#${CSS.escape(details.id)}`);
    if (renewed) renewed.open = details.open;
  }
  if (comparable(old) === comparable(part)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const chosen = [...old.querySelectorAll("[data-chart]")].map((chart) => [chart.id, chosenOf(chart)]);
  old.replaceChildren(...document.adoptNode(part).childNodes);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  for (const [id, number] of chosen) {
    const chart = document.getElementById(id);
    if (chart && number >= 0) choose(chart, number);
  }
}

// The token of a form is another one each time.
function comparable(part) {
  const copy = part.cloneNode(true);
  for (const token of copy.querySelectorAll("[name=csrfmiddlewaretoken]")) token.remove();
  for (const tip of copy.querySelectorAll("[data-tip]")) tip.remove();
  for (const spot of copy.querySelectorAll(".chart__spot")) spot.setAttribute("class", "chart__spot");
  return copy.innerHTML;
}

function spotsOf(chart) {
  return [...chart.querySelectorAll(".chart__spot")];
}

function chosenOf(chart) {
  return spotsOf(chart).findIndex((spot) => spot.classList.contains("is-chosen"));
}

// Shows the values of one step; a number that is none hides them.
function choose(chart, number) {
  const spots = spotsOf(chart);
  const tip = chart.querySelector("[data-tip]");
  for (const spot of spots) spot.classList.remove("is-chosen");
  const spot = spots[number];
  tip.hidden = !spot;
  if (!spot) return;
  spot.classList.add("is-chosen");
  tip.textContent = spot.dataset.text;
  const box = chart.getBoundingClientRect();
  const middle = spot.getBoundingClientRect().left + spot.getBoundingClientRect().width / 2 - box.left;
  const left = Math.min(Math.max(middle - tip.offsetWidth / 2, 4), box.width - tip.offsetWidth - 4);
  tip.style.left = `${Math.max(left, 4)}px`;
}

// A focused chart keeps its step: the page may scroll to it, and so move away under a pointer that rests.
function follow(event) {
  const chart = event.target.closest?.("[data-chart]");
  for (const other of document.querySelectorAll("[data-chart]")) {
    if (other !== chart && other !== document.activeElement && chosenOf(other) >= 0) choose(other, -1);
  }
  const spot = event.target.closest?.(".chart__spot");
  if (spot) choose(chart, spotsOf(chart).indexOf(spot));
}

function step(event) {
  const chart = event.target.closest?.("[data-chart]");
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!chart || !by) return;
  event.preventDefault();
  const last = spotsOf(chart).length - 1;
  const chosen = chosenOf(chart);
  choose(chart, chosen < 0 ? last : Math.min(Math.max(chosen + by, 0), last));
}

const root = document.querySelector("[data-live]");
if (root) {
  new Live(root, document.querySelector("[data-fresh]"));
  for (const link of document.querySelectorAll(".ranges a")) {
    link.addEventListener("click", () => root.classList.add("is-loading"));
  }
  addEventListener("pageshow", () => root.classList.remove("is-loading"));
}
document.addEventListener("pointerover", follow);
document.addEventListener("keydown", step);
document.addEventListener("focusout", (event) => {
  const chart = event.target.closest?.("[data-chart]");
  if (chart) choose(chart, -1);
});
