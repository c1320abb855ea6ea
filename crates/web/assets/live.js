// Keeps an open page up to date. /live says that something changed; the page is asked for again, and each
// region with data-live is exchanged where it differs. No markup is ever built from text here.
"use strict";
(() => {
  const regions = () => document.querySelectorAll("[data-live]");
  const sign = document.getElementById("live-sign"), mark = document.documentElement.dataset.mark;
  if (!sign || !mark || !regions().length) return;
  let source, retry, isAsking = false, isDue = false, moved = 0;

  const say = (word) => { if (sign.textContent !== word) sign.dataset.state = (sign.textContent = word).toLowerCase(); };
  const isWritten = (field) => field.checked !== field.defaultChecked || field.value !== (field.defaultValue ?? field.value);
  // What somebody writes in or copies from stays as it is.
  const isInUse = (region) => {
    const fields = [...region.querySelectorAll("input:not([type=hidden]), textarea, select")];
    const selection = document.getSelection();
    return (!selection.isCollapsed && region.contains(selection.anchorNode))
      || fields.some((field) => field === document.activeElement || isWritten(field));
  };
  // What somebody is about to click stays where it is, until the mouse rests or goes away.
  const isAimedAt = (region) => region.querySelector(":active") || (region.matches(":hover") && performance.now() - moved < 700);
  const exchange = (old, fresh) => {
    const copy = document.importNode(fresh, true);
    const focused = old.contains(document.activeElement) && document.activeElement.id;
    for (const item of copy.querySelectorAll("[data-item]")) if (!document.getElementById(item.id)) item.classList.add("fresh");
    for (const opened of old.querySelectorAll("details[open][id]")) copy.querySelector(`#${CSS.escape(opened.id)}`)?.setAttribute("open", "");
    old.replaceWith(copy);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
  const show = (page) => {
    for (const old of regions()) {
      const fresh = page.getElementById(old.id);
      if (!fresh || fresh.isEqualNode(old) || isInUse(old)) continue;
      if (isAimedAt(old)) isDue = true; else exchange(old, fresh);
    }
    document.title = page.title;
  };
  const look = () => {
    if (isAsking) { isDue = true; return; }
    isAsking = true;
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    Object.assign(request, { responseType: "document", timeout: 20000 });
    request.onload = () => { if (request.status === 200 && request.response) show(request.response); };
    // At most one look a second, however much happens.
    request.onloadend = () => setTimeout(() => { isAsking = false; if (isDue) { isDue = false; look(); } }, 1000);
    request.send();
  };
  const close = () => { source?.close(); clearTimeout(retry); };
  const listen = () => {
    close();
    source = new EventSource(`/live?mark=${encodeURIComponent(mark)}`);
    source.addEventListener("incidents", look);
    source.onopen = () => say("Live");
    source.onerror = () => { say("Offline"); if (source.readyState === EventSource.CLOSED) retry = setTimeout(listen, 10000); };
  };
  // A hidden tab holds no connection: browsers have only six for one server.
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { listen(); look(); } });
  document.addEventListener("pointermove", () => { moved = performance.now(); }, { passive: true });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); look(); } });
  setInterval(() => { if (!document.hidden) look(); }, 30000);
  if (!document.hidden) listen();
})();
