// Keeps a conversation on the page up to date, and sends what is written where there is a composer.
// The server renders the bubbles; an item {sequence, html} replaces what stands at its sequence number.
"use strict";

const POLL_MS = 1000;
const HIDDEN_POLL_MS = 10000;
const OFFLINE_POLL_MS = 3000;
const DEADLINE_MS = 10000;
const NEAR_END_PX = 120;

class Feed {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-list]");
    this.scroll = root.querySelector("[data-scroll]");
    this.shown = new Map();
    this.last = Number(root.dataset.last || 0);
    this.poll = Number(root.dataset.pollMs || POLL_MS);
    this.timer = 0;
    this.running = null;
    document.addEventListener("visibilitychange", () => this.soon());
    this.toEnd();
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 0);
  }

  // One look at a time: whoever asks meanwhile gets a look that starts afterwards.
  async refresh() {
    const before = this.running;
    const mine = (async () => {
      if (before) await before;
      return this.look();
    })();
    this.running = mine;
    await mine;
    if (this.running === mine) this.running = null;
  }

  async look() {
    clearTimeout(this.timer);
    let pause = document.hidden ? HIDDEN_POLL_MS : this.poll;
    try {
      const query = new URLSearchParams(this.root.dataset.query || "");
      query.set("after", this.last);
      if (!document.hidden) query.set("visible", "1");
      const response = await fetch(`${this.root.dataset.feed}?${query}`, {
        redirect: "manual",
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      // A redirect leads to the login page: the session has ended.
      if (response.type === "opaqueredirect" || response.status === 403) return location.reload();
      if (!response.ok) throw new Error(String(response.status));
      this.show(await response.json());
      this.offline(false);
    } catch {
      this.offline(true);
      pause = OFFLINE_POLL_MS;
    }
    this.timer = setTimeout(() => this.refresh(), pause);
  }

  show({ items, presence, presenceText }) {
    const followed = this.isAtEnd();
    const changed = items.filter(({ sequence, html }) => this.shown.get(sequence) !== html);
    changed.forEach((item) => this.place(item));
    const line = this.root.querySelector("[data-presence]");
    if (line && line.textContent !== presenceText) line.textContent = presenceText;
    this.root.dataset.state = presence || "";
    const typing = this.root.querySelector("[data-typing]");
    const appeared = typing && typing.hidden && presence === "typing";
    if (typing) typing.hidden = presence !== "typing";
    this.updateEmpty();
    if (followed && (changed.length || appeared)) this.toEnd();
    this.root.dispatchEvent(new CustomEvent("feed:shown"));
  }

  place({ sequence, html }) {
    const holder = document.createElement("template");
    holder.innerHTML = html.trim();
    const bubble = holder.content.firstElementChild;
    const old = this.list.querySelector(`[data-sequence="${sequence}"]`);
    if (old) old.replaceWith(bubble);
    else {
      bubble.classList.add("bubble--new");
      this.list.insertBefore(bubble, this.firstAfter(sequence));
    }
    this.shown.set(sequence, html);
    this.last = Math.max(this.last, sequence);
  }

  firstAfter(sequence) {
    const later = [...this.list.children].find((child) => Number(child.dataset.sequence || Infinity) > sequence);
    return later && later.dataset.sequence ? later : this.list.querySelector(".bubble--draft");
  }

  updateEmpty() {
    const empty = this.root.querySelector("[data-empty]");
    if (empty) empty.hidden = this.list.children.length > 0;
  }

  offline(is) {
    const banner = this.root.querySelector("[data-offline]");
    if (banner) banner.hidden = !is;
  }

  isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }
}

class Composer {
  constructor(form, feed) {
    this.form = form;
    this.feed = feed;
    this.text = form.elements.namedItem("text");
    this.draft = feed.root.querySelector("[data-draft]");
    this.queue = Promise.resolve();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(this.text.value);
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    const samples = [...feed.root.querySelectorAll("[data-sample]")];
    for (const sample of samples) sample.addEventListener("click", () => this.submit(sample.textContent));
    if ("open" in form.dataset) this.enable([...form.elements, ...samples]);
  }

  // The page comes with them disabled: what is typed before this script listens would not be sent.
  enable(controls) {
    for (const control of controls) control.disabled = false;
    if (matchMedia("(hover: hover)").matches) this.text.focus();
  }

  submit(written) {
    const text = written.trim();
    if (!text) return;
    const bubble = this.draft.content.firstElementChild.cloneNode(true);
    bubble.querySelector(".bubble__text").textContent = text;
    this.feed.list.append(bubble);
    this.feed.updateEmpty();
    this.feed.toEnd();
    this.text.value = "";
    this.text.focus();
    const body = new FormData(this.form);
    body.set("text", text);
    body.set("client_id", newId());
    bubble.querySelector(".bubble__retry").addEventListener("click", () => this.send(body, bubble));
    this.send(body, bubble);
  }

  // One after the other, so that they arrive in the order in which they were written. The id makes a
  // message that is sent twice the same message.
  send(body, bubble) {
    this.mark(bubble, false);
    this.queue = this.queue.then(async () => {
      try {
        const response = await fetch(this.form.action, {
          method: "POST",
          body,
          redirect: "manual",
          signal: AbortSignal.timeout(DEADLINE_MS),
        });
        if (!response.ok) throw new Error(String(response.status));
        await this.feed.refresh();
        bubble.remove();
        this.feed.toEnd();
      } catch {
        this.mark(bubble, true);
      }
    });
  }

  mark(bubble, failed) {
    bubble.classList.toggle("bubble--failed", failed);
    bubble.querySelector(".bubble__retry").hidden = !failed;
    bubble.querySelector(".tick").toggleAttribute("hidden", failed);
  }
}

// crypto.randomUUID exists only where the page is secure, which plain HTTP in an office is not.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

for (const root of document.querySelectorAll("[data-feed]")) {
  const feed = new Feed(root);
  const form = root.querySelector("[data-composer]");
  if (form) new Composer(form, feed);
}
