// Keeps a device session's state and QR code up to date, and counts down the code's last seconds.
import { Live } from "./live.js";

const POLL_MS = 2000;
const HIDDEN_POLL_MS = 15000;

class Session {
  constructor(root) {
    this.root = root;
    const offline = document.querySelector("[data-offline]");
    this.live = new Live(root, {
      show: (text) => this.show(text),
      tell: (isCurrent) => (offline.hidden = isCurrent),
      pause: () => (document.hidden ? HIDDEN_POLL_MS : POLL_MS),
    });
    this.startCount();
    setInterval(() => this.count(), 250);
  }

  show(text) {
    this.root.innerHTML = text;
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
    if (seconds === "0") this.live.soon();
  }
}

for (const root of document.querySelectorAll("[data-live]")) new Session(root);
