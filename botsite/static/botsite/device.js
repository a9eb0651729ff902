// Keeps a device session's state and QR code up to date, and counts down the code's last seconds.
"use strict";

const POLL_MS = 2000;
const HIDDEN_POLL_MS = 15000;
const DEADLINE_MS = 10000;

class LiveSession {
  constructor(root) {
    this.root = root;
    this.etag = root.dataset.etag;
    this.offline = document.querySelector("[data-offline]");
    this.timer = setTimeout(() => this.look(), POLL_MS);
    this.startCount();
    setInterval(() => this.count(), 250);
    document.addEventListener("visibilitychange", () => this.soon());
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), 0);
  }

  async look() {
    clearTimeout(this.timer);
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
      this.offline.hidden = true;
    } catch {
      this.offline.hidden = false;
    }
    this.timer = setTimeout(() => this.look(), document.hidden ? HIDDEN_POLL_MS : POLL_MS);
  }

  async show(response) {
    if (!response.ok) throw new Error(String(response.status));
    this.root.innerHTML = await response.text();
    this.etag = response.headers.get("ETag");
    this.startCount();
  }

  startCount() {
    const left = this.root.querySelector("[data-seconds]");
    this.ends = left ? performance.now() + Number(left.textContent) * 1000 : 0;
  }

  count() {
    const left = this.root.querySelector("[data-seconds]");
    if (!left) return;
    const seconds = String(Math.max(0, Math.ceil((this.ends - performance.now()) / 1000)));
    if (left.textContent === seconds) return;
    left.textContent = seconds;
    if (seconds === "0") this.soon();
  }
}

for (const root of document.querySelectorAll("[data-live]")) new LiveSession(root);
