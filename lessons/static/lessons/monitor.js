// Keeps the monitor's parts fresh: each is fetched again and put in the place of the one that is there.
// Without this file the page is whole all the same, and reloads by itself.
"use strict";
{
  const light = document.getElementById("live");
  const say = (state) => {
    if (light.dataset.state !== state) {
      light.dataset.state = state;
      light.textContent = light.dataset[state];
    }
  };

  // What has the focus keeps it, by its place among the links and buttons.
  const replace = (part, html) => {
    const box = document.createElement("div");
    box.innerHTML = html; // our own page's markup, escaped by the server
    const all = () => [...part.querySelectorAll("a, button, [tabindex]")];
    const place = all().indexOf(document.activeElement);
    const scrolled = [...part.querySelectorAll(".scrolling")].map((one) => one.scrollLeft);
    part.replaceChildren(...box.childNodes);
    part.shown = html;
    [...part.querySelectorAll(".scrolling")].forEach((one, n) => { one.scrollLeft = scrolled[n] || 0; });
    if (place >= 0 && all()[place]) all()[place].focus({ preventScroll: true });
  };

  const refresh = async (part) => {
    if (document.hidden) {
      say("paused");
      return;
    }
    try {
      const answer = await fetch(part.dataset.part, { headers: { "X-Requested-With": "fetch" }, cache: "no-store" });
      if (answer.redirected) location.reload(); // logged out meanwhile
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (part.shown !== html) replace(part, html);
      say("live");
    } catch {
      say("away");
    }
  };

  // One after the other: a slow answer is waited for, never overtaken.
  const keepFresh = async (part) => {
    const pause = 1000 * Number(part.dataset.every);
    for (;;) {
      await new Promise((resolve) => { setTimeout(resolve, pause); });
      await refresh(part);
    }
  };

  const parts = [...document.querySelectorAll("[data-part]")];
  parts.forEach(keepFresh);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) parts.forEach(refresh); });
  say("live");
}
