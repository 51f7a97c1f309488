// ipywidgets' slider and play buttons have no names for those who do not see them.
(() => {
  const BUTTONS = ["재생", "멈추고 처음으로", "되풀이"];

  function name(figure) {
    for (const play of figure.querySelectorAll(".widget-play")) {
      [...play.querySelectorAll("button")].forEach((button, i) => {
        button.setAttribute("aria-label", BUTTONS[i]);
        button.title = BUTTONS[i];
      });
    }
    for (const slider of figure.querySelectorAll(".widget-slider")) {
      const label = slider.querySelector(".widget-label")?.textContent ?? "";
      const readout = slider.querySelector(".widget-readout");
      const handle = slider.querySelector(".noUi-handle");
      if (!handle || handle.ariaLabel) continue;
      handle.setAttribute("aria-label", label);
      readout?.setAttribute("role", "textbox");
      readout?.setAttribute("aria-label", `${label} 값`);
      // The slider itself counts positions; what is read out should be the value.
      const tell = () => {
        const value = readout?.textContent ?? "";
        if (handle.getAttribute("aria-valuetext") !== value) {
          handle.setAttribute("aria-valuetext", value);
        }
      };
      new MutationObserver(tell).observe(slider, {
        attributes: true, characterData: true, childList: true, subtree: true,
      });
      tell();
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const views = document.querySelectorAll(
      'script[type="application/vnd.jupyter.widget-view+json"]',
    );
    if (!views.length) return;
    // Widgets are drawn when their own script has loaded: name each as it comes.
    new MutationObserver(() => document.querySelectorAll(".explore").forEach(name)).observe(
      document.querySelector(".bd-article"),
      { childList: true, subtree: true },
    );
  });
})();
