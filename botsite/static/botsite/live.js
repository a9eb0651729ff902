// Keeps a part of the page current: asks for it again and again, and is told "304" while it is still right.

const DEADLINE_MS = 10000;

export class Live {
  // `show` is given the text of the part when there is another one, `tell` whether the last look was answered, and
  // `pause` how many in a row were not: it returns the milliseconds until the next look, null for none.
  constructor(root, { show, tell, pause }) {
    this.url = root.dataset.live;
    this.etag = root.dataset.etag;
    Object.assign(this, { show, tell, pause });
    this.failures = 0;
    this.looking = false;
    this.wait();
    document.addEventListener("visibilitychange", () => (document.hidden ? this.wait() : this.soon()));
  }

  soon() {
    this.wait(0);
  }

  // One timer at a time.
  wait(milliseconds = this.pause(this.failures)) {
    clearTimeout(this.timer);
    if (milliseconds !== null) this.timer = setTimeout(() => this.look(), milliseconds);
  }

  async look() {
    if (this.looking) return;
    this.looking = true;
    try {
      const response = await fetch(this.url, {
        headers: { "If-None-Match": this.etag },
        cache: "no-store",
        redirect: "manual",
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      // A redirect leads to the login page: the session has ended.
      if (response.type === "opaqueredirect" || response.status === 403) return location.reload();
      if (response.status !== 304) await this.renew(response);
      this.failures = 0;
    } catch {
      this.failures += 1;
    } finally {
      this.looking = false;
    }
    this.tell(this.failures === 0);
    this.wait();
  }

  async renew(response) {
    if (!response.ok) throw new Error(String(response.status));
    this.show(await response.text());
    this.etag = response.headers.get("ETag");
  }
}
