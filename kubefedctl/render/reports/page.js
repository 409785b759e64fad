(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const tools = byId("tools"), box = byId("filter"), told = byId("told");
  const rows = [...document.querySelectorAll("#matrix tbody tr")];
  const items = [...document.querySelectorAll(".it")];
  const text = new Map();
  const textOf = (one) => {
    if (!text.has(one)) {
      text.set(one, (one.tagName === "TR" ? one.cells[0] : one).textContent.toLowerCase());
    }
    return text.get(one);
  };
  let state = "";
  const apply = () => {
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (one) => wanted.every((word) => textOf(one).includes(word));
    let shown = 0;
    for (const row of rows) {
      row.hidden = (state && row.dataset.s !== state) || !fits(row);
      shown += !row.hidden;
    }
    for (const one of items) one.hidden = !fits(one);
    for (const part of document.querySelectorAll(".part")) {
      part.hidden = ![...part.querySelectorAll("tr")].some((row) => !row.hidden);
    }
    told.textContent = rows.length ? `${shown} of ${rows.length} objects` : "";
  };
  let planned = 0;
  box.addEventListener("input", () => {
    cancelAnimationFrame(planned);
    planned = requestAnimationFrame(apply);
  });
  for (const button of tools.querySelectorAll("button[data-s]")) {
    button.addEventListener("click", () => {
      state = button.dataset.s;
      for (const one of tools.querySelectorAll("button[data-s]")) {
        one.setAttribute("aria-pressed", String(one === button));
      }
      apply();
    });
  }
  const all = byId("all");
  if (all) {
    all.hidden = false;
    all.addEventListener("click", () => {
      const found = [...document.querySelectorAll("#changes details")];
      const open = !found.every((one) => one.open);
      for (const one of found) one.open = open;
      all.textContent = open ? "Fold all" : "Unfold all";
    });
  }
  const open = () => {
    const found = location.hash && byId(location.hash.slice(1));
    if (found && found.tagName === "DETAILS") found.open = true;
  };
  addEventListener("hashchange", open);
  open();
  const names = [...document.querySelectorAll("#matrix .heads th[title]")].map((one) => one.title);
  byId("matrix")?.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("td");
    if (!cell || cell.title) return;
    let at = 0;
    for (let one = cell.previousElementSibling; one; one = one.previousElementSibling) at += one.colSpan;
    const first = names[at - 1], last = names[at + cell.colSpan - 2];
    const where = first === last ? first : `${first} to ${last} (${cell.colSpan} clusters)`;
    cell.title = `${cell.parentNode.cells[0].title} in ${where}: ${words[cell.className] || cell.textContent || "not placed"}`;
  });
  const words = {};
  for (const one of document.querySelectorAll(".legend li")) {
    words[one.firstElementChild.className] = one.lastChild.textContent.trim();
  }
  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== box) {
      event.preventDefault();
      box.focus();
    }
  });
  tools.hidden = false;
  apply();
})();
