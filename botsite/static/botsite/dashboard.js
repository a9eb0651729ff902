// Keeps the dashboard current without a flicker, and says what the charts show under the pointer.
import { Live } from "./live.js";

const POLL_MS = 12000;
const LONGEST_MS = 120000;

// None in a hidden window, later and later while nothing answers.
function pause(failures) {
  if (document.hidden) return null;
  return Math.min(POLL_MS * 2 ** failures, LONGEST_MS) * (0.9 + Math.random() * 0.2);
}

// What is shown stays, and is marked as old when nothing answers.
function tell(isFresh) {
  const fresh = document.querySelector("[data-fresh]");
  fresh.classList.toggle("is-stale", !isFresh);
  root.classList.toggle("is-stale-page", !isFresh);
  fresh.querySelector("[data-fresh-label]").textContent = isFresh ? fresh.dataset.freshText : fresh.dataset.staleText;
  if (isFresh) {
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23" });
    fresh.querySelector("[data-fresh-time]").textContent = time;
  }
}

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const part of page.querySelectorAll("[data-part]")) swap(part);
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
  new Live(root, { show, tell, pause });
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
