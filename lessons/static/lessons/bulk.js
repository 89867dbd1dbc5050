// Carries out a bulk transition a few lessons at a time, each row telling how it went, with a bar above them.
// Without this file the form is sent as a whole, and the answer says the same.
"use strict";
{
  const form = document.getElementById("bulk");
  const go = document.getElementById("bulk-go");
  const progress = document.getElementById("bulk-progress");
  const summary = document.getElementById("bulk-summary");

  const send = async (chosen) => {
    const body = new FormData(form);
    body.delete("lesson");
    chosen.forEach((row) => body.append("lesson", row.dataset.lesson));
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const box = document.createElement("tbody");
    box.innerHTML = await answer.text(); // our own page's markup, escaped by the server
    [...box.rows].forEach((row) => document.getElementById(row.id)?.replaceWith(row));
  };

  const count = (selector) => document.querySelectorAll(`#bulk-rows ${selector}`).length;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true; // a double click sends nothing twice
    progress.hidden = false;
    const [bar, words] = progress.children;
    const rows = [...document.querySelectorAll("#bulk-rows tr[data-lesson]")];
    const atOnce = Number(form.dataset.atOnce);
    try {
      for (let n = 0; n < rows.length; n += atOnce) {
        await send(rows.slice(n, n + atOnce));
        bar.value = Math.min(n + atOnce, rows.length);
        words.textContent = `${bar.value} / ${rows.length}`;
      }
      summary.textContent = form.dataset.summary
        .replace("{done}", count(".chip-sent"))
        .replace("{refused}", count(".chip-dead"));
      go.remove();
    } catch {
      summary.textContent = form.dataset.failed;
    }
  });
}
