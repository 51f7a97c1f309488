// Before a page is printed: light colours, folded parts open. Afterwards all is as it was.
(() => {
  const root = document.documentElement;
  // Folded code stays folded: it draws the figure that stands below it.
  const FOLDED = "details:not([open]):not(.above-input):not(.below-input)";
  let before = null;

  window.addEventListener("beforeprint", () => {
    if (before) return;
    before = { theme: root.dataset.theme, opened: [...document.querySelectorAll(FOLDED)] };
    root.dataset.theme = "light";
    for (const details of before.opened) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    if (before.theme) root.dataset.theme = before.theme;
    for (const details of before.opened) details.open = false;
    before = null;
  });
})();
