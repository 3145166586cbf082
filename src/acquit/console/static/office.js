// The office by keyboard, and pages that look again while something is under way. Everything works without.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const isTyping = (target) => target.closest("input, textarea, select, button, summary, a, [contenteditable]");
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement.closest("[data-row]"));
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const send = (form) => {
    if (!form || form.dataset.sent) return;
    form.dataset.sent = "1";
    form.requestSubmit();
  };
  const keys = {
    j: () => go(1),
    k: () => go(-1),
    "/": () => { const field = document.querySelector("[data-search]"); if (field) field.focus(); },
    u: () => send(document.querySelector("form[data-undo]")),
    o: (row) => { if (row && row.dataset.open) location.assign(row.dataset.open); },
    Enter: (row) => { if (row) send(row.querySelector("form[data-accept]")); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target.matches("[data-search]")) { event.target.blur(); return; }
    if (isTyping(event.target) || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key](event.target.closest("[data-row]"));
  });

  const drop = document.querySelector(".drop input[type=file]");
  if (drop) {
    const zone = drop.closest("form");
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) drop.files = event.dataTransfer.files;
    });
  }

  const look = async () => {
    const watched = document.querySelector("[data-watch]");
    if (!watched) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(watched.id);
        if (fresh) watched.replaceWith(fresh); else location.reload();
      }
    } catch { /* the server is out of reach for a moment: look again later */ }
    window.setTimeout(look, 2000);
  };
  window.setTimeout(look, 2000);
  const first = rows()[0];
  if (first && document.querySelector("ol.inbox") && new URLSearchParams(location.search).has("entry")) first.focus({ preventScroll: true });
})();
