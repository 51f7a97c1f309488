// Tooltips on terms: by mouse, by keyboard (focus, Escape), by touch (first tap shows, second
// goes to the glossary). The texts stand hidden at the end of the page (book/_ext/tooltips.py).
(() => {
  const LEAVE_MS = 200; // time to move the mouse from the term onto its tooltip
  let link = null;
  let tip = null;
  let timer = 0;

  const tipOf = (a) =>
    document.getElementById("tip-" + decodeURIComponent(a.hash.slice(1)));

  function hide() {
    clearTimeout(timer);
    if (tip) tip.hidden = true;
    link = tip = null;
  }

  function show(a) {
    clearTimeout(timer);
    if (link === a) return;
    hide();
    const found = tipOf(a);
    if (!found) return;
    [link, tip] = [a, found];
    tip.hidden = false;
    // Below the term, or above where there is no room; never beyond the window's sides.
    const word = a.getClientRects()[0];
    const box = tip.getBoundingClientRect();
    const room = document.documentElement.clientWidth - box.width - 8;
    const below = word.bottom + box.height + 12 < window.innerHeight;
    const top = below ? word.bottom + 6 : word.top - box.height - 6;
    tip.style.left = `${Math.max(8, Math.min(word.left, room)) + window.scrollX}px`;
    tip.style.top = `${top + window.scrollY}px`;
  }

  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, LEAVE_MS);
  };

  function equip(a) {
    const found = tipOf(a);
    if (!found) return;
    a.setAttribute("aria-describedby", found.id);
    let touched = false;
    a.addEventListener("pointerenter", (e) => e.pointerType === "mouse" && show(a));
    a.addEventListener("pointerleave", (e) => e.pointerType === "mouse" && leave());
    a.addEventListener("pointerdown", (e) => (touched = e.pointerType === "touch"));
    // Focus that a finger brings is not the keyboard's: the click below decides.
    a.addEventListener("focus", () => touched || show(a));
    a.addEventListener("blur", hide);
    a.addEventListener("click", (e) => {
      if (!touched || link === a) return;
      e.preventDefault();
      show(a);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const word of document.querySelectorAll(".bd-article a > .std-term")) {
      equip(word.parentElement);
    }
    for (const one of document.querySelectorAll(".term-tip")) {
      document.body.append(one); // out of the article: its position counts from the page's corner
      one.addEventListener("pointerenter", () => clearTimeout(timer));
      one.addEventListener("pointerleave", leave);
    }
  });
  document.addEventListener("keydown", (e) => e.key === "Escape" && hide());
  document.addEventListener("pointerdown", (e) => {
    if (tip && !tip.contains(e.target) && !link.contains(e.target)) hide();
  });
})();
