// Gives the boxes that select2 puts in the place of a select the name of that select: it forgets to.
"use strict";
{
  const named = new WeakSet();

  const nameOf = (select) =>
    select?.getAttribute("aria-label") || select?.labels?.[0]?.textContent.replace(/:\s*$/, "").trim();

  const giveNames = () => {
    for (const box of document.querySelectorAll(".select2-container")) {
      const name = nameOf(box.previousElementSibling);
      const rendered = box.querySelector(".select2-selection__rendered");
      if (named.has(box) || !name || !rendered) continue;
      named.add(box);
      rendered.setAttribute("aria-label", `${name}: ${rendered.getAttribute("title") || "–"}`);
      (box.querySelector(".select2-search__field") || box.querySelector(".select2-selection")).setAttribute("aria-label", name);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    giveNames();
    new MutationObserver(giveNames).observe(document.body, { childList: true, subtree: true });
  });
}
