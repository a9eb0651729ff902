// The reply box of the transcript: it tells the server what the person had seen, and sends once.
"use strict";

const form = document.querySelector("[data-reply]");
if (form) {
  const conversation = form.closest("[data-feed]");
  conversation.addEventListener("feed:shown", () => {
    const bubbles = [...conversation.querySelectorAll(".bubble")];
    const last = Math.max(0, ...bubbles.map((bubble) => Number(bubble.dataset.sequence)));
    form.elements.namedItem("seen").value = last;
  });
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
  });
  form.elements.namedItem("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
