// The search box: the theme's dialog (Ctrl+K) and search.html, with results while one types.
// A classic script, so that a book opened as a file can still say why nothing is found; the
// rest is loaded when somebody begins to search.
(() => {
  const ROOT = document.documentElement.dataset.content_root ?? "./";
  const HERE = document.currentScript.src;
  const WAIT = 120; // milliseconds after the last key
  const KINDS = [["", "모두"], ["prose", "본문"], ["code", "코드"]];
  const IN_DIALOG = { pages: 6, sections: 3 };
  const ON_PAGE = { pages: 50, sections: 8 };

  const module = (name) => import(new URL(name, HERE).href);

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  class Box {
    constructor(form, { most, moreLink = false, onSearch = () => {} }) {
      Object.assign(this, { form, most, moreLink, onSearch, kind: "", turn: 0 });
      this.input = form.querySelector("input[type=search]");
      this.status = element("p", { class: "search-status", role: "status" });
      this.list = element("ol", { class: "search-pages" });
      this.kinds = this.#kinds();
      this.panel = element("div", { class: "search-panel", hidden: true },
        this.kinds, this.status, this.list);
      form.after(this.panel);
      this.input.addEventListener("input", () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.search(), WAIT);
      });
      this.input.addEventListener("focus", () => module("engine.js").then(
        ({ load }) => load(ROOT)).catch(() => {}), { once: true });
      for (const part of [form, this.panel]) {
        part.addEventListener("keydown", (event) => this.#arrows(event));
      }
    }

    #kinds() {
      const group = element("fieldset", { class: "search-kinds" },
        element("legend", { class: "search-unseen" }, "찾을 곳"));
      for (const [value, label] of KINDS) {
        // The theme puts the same box on search.html twice.
        const radio = element("input", {
          type: "radio", name: `search-kind-${this.most.pages}`, value, checked: value === "",
        });
        const count = element("span", { class: "search-count" });
        radio.addEventListener("change", () => {
          this.kind = value;
          this.search();
        });
        group.append(element("label", {}, radio, label, count));
      }
      return group;
    }

    choose(kind) {
      const radio = [...this.kinds.querySelectorAll("input")].find((one) => one.value === kind);
      if (radio) [radio.checked, this.kind] = [true, kind];
    }

    async search() {
      const query = this.input.value.trim();
      const turn = ++this.turn;
      this.onSearch(query, this.kind);
      this.panel.hidden = !query;
      if (!query) return;
      try {
        const [{ load }, words] = await Promise.all([module("engine.js"), module("words.js")]);
        const engine = await load(ROOT);
        const found = await engine.search(query, this.kind);
        const pages = found.pages.slice(0, this.most.pages);
        const texts = await Promise.all(pages.map(({ page }) => engine.text(page)));
        if (turn !== this.turn) return; // somebody typed on
        this.#show(query, engine, found, pages, texts, words);
      } catch (error) {
        if (turn === this.turn) this.#unreachable(error);
      }
    }

    #show(query, engine, found, pages, texts, { pattern, excerpt }) {
      this.kinds.hidden = false;
      this.kinds.querySelectorAll("label").forEach((label) => {
        const { value } = label.querySelector("input");
        label.querySelector(".search-count").textContent = ` ${found.counts[value]}`;
      });
      const expression = pattern(found.readings);
      this.list.replaceChildren(...pages.map((hit, index) =>
        this.#page(query, engine.pages[hit.page], hit, texts[index], expression, excerpt)));
      if (!pages.length) {
        this.#nothing(query, engine, found);
        return;
      }
      this.status.textContent = `${found.pages.length}쪽에서 찾았습니다.`;
      if (this.moreLink) {
        const address = new URL(`${ROOT}search.html`, document.baseURI);
        address.searchParams.set("q", query);
        if (this.kind) address.searchParams.set("kind", this.kind);
        this.list.append(element("li", { class: "search-more" },
          element("a", { class: "search-hit", href: address.href }, "결과를 넓게 보기")));
      }
    }

    #page(query, page, hit, sections, expression, excerpt) {
      const marked = (text, kind) => excerpt(text, expression, kind === "code").map((piece) =>
        piece.found ? element("mark", {}, piece.text) : piece.text);
      const link = (section, ...children) => {
        const address = new URL(ROOT + page.url, document.baseURI);
        address.searchParams.set("find", query);
        address.hash = section ? sections[section].anchor : "";
        return element("a", { class: "search-hit", href: address.href }, ...children);
      };
      const shown = hit.hits.slice(0, this.most.sections).map(({ section, kind }) => {
        const { title, above, [kind]: text } = sections[section];
        const name = title && title !== page.title ? [...above, title].join(" › ") : "";
        return element("li", {}, link(section,
          kind === "code" ? element("span", { class: "search-code" }, "코드") : "",
          name ? element("span", { class: "search-section" }, ...marked(name)) : "",
          element("span", { class: `search-excerpt search-${kind}-text` }, ...marked(text, kind))));
      });
      return element("li", { class: "search-page" },
        link(0, ...marked(page.title)), element("ul", {}, ...shown));
    }

    #nothing(query, engine, found) {
      const other = KINDS.find(([kind]) => kind && kind !== this.kind && found.counts[kind]);
      this.status.replaceChildren(`「${query}」에 맞는 곳을 찾지 못했습니다. `);
      if (this.kind && other) {
        this.status.append(`${other[1]}에는 ${found.counts[other[0]]}쪽이 있습니다.`);
        return;
      }
      const names = engine.suggestions(query);
      if (!names.length) {
        this.status.append("다른 말이나 더 짧은 말로 찾아보세요.");
        return;
      }
      this.status.append("혹시 이것을 찾으셨나요?");
      this.list.replaceChildren(...names.map((name) => {
        const button = element("button", { type: "button", class: "search-hit" }, name);
        button.addEventListener("click", () => {
          this.input.value = name;
          this.input.focus();
          this.search();
        });
        return element("li", { class: "search-suggestion" }, button);
      }));
    }

    #unreachable(error) {
      this.kinds.hidden = true;
      this.list.replaceChildren();
      this.status.textContent = location.protocol === "file:"
        ? "파일로 바로 연 책에서는 찾을 수 없습니다. 웹에 있는 책에서 찾아 주세요."
        : "찾기의 색인을 읽지 못했습니다. 연결을 확인하고 다시 찾아 주세요.";
      console.warn(error);
    }

    // Down and up walk through the hits; up from the first one leads back to the words.
    #arrows(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.isComposing || event.target.type === "radio") return;
      const hits = [...this.panel.querySelectorAll(".search-hit")];
      if (this.panel.hidden || !hits.length) return;
      const next = hits.indexOf(document.activeElement) + step;
      event.preventDefault();
      if (next < 0) this.input.focus();
      else hits[Math.min(next, hits.length - 1)].focus();
    }
  }

  // The theme opens and closes the dialog by a class. Here it becomes one for screen readers too.
  function dialog(wrapper) {
    const form = wrapper.querySelector("form.bd-search");
    const box = new Box(form, { most: IN_DIALOG, moreLink: true });
    const container = wrapper.querySelector(".search-button__search-container");
    for (const [name, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-label", "찾기"]]) {
      container.setAttribute(name, value);
    }
    let opener = null;
    const isOpen = () => wrapper.classList.contains("show");
    const close = () => wrapper.classList.remove("show");
    let wasOpen = isOpen();
    new MutationObserver(() => {
      if (isOpen() === wasOpen) return;
      wasOpen = isOpen();
      if (wasOpen) {
        if (box.input.value.trim()) box.search();
      } else {
        opener?.focus?.({ preventScroll: true });
      }
    }).observe(wrapper, { attributeFilter: ["class"] });
    document.addEventListener("focusin", ({ target }) => {
      if (!wrapper.contains(target)) opener = target;
    });
    wrapper.addEventListener("keydown", (event) => {
      // The theme itself listens to Escape in the input only.
      if (event.key === "Escape" && event.target !== box.input) close();
      if (event.key === "Tab") keepInside(event, container);
    });
  }

  function keepInside(event, container) {
    const stops = [...container.querySelectorAll("input, a[href], button")]
      .filter((stop) => stop.checkVisibility() && (stop.type !== "radio" || stop.checked));
    const [first, last] = [stops[0], stops.at(-1)];
    if (event.target === (event.shiftKey ? first : last)) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }

  // search.html: the address always says what is shown, so that it can be passed on.
  function wholePage(container) {
    const form = container.querySelector("form.bd-search");
    const asked = new URLSearchParams(location.search);
    const box = new Box(form, {
      most: ON_PAGE,
      onSearch(query, kind) {
        const address = new URL(location.href);
        for (const [key, value] of [["q", query], ["kind", kind]]) {
          if (value) address.searchParams.set(key, value);
          else address.searchParams.delete(key);
        }
        history.replaceState(history.state, "", address);
      },
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      box.search();
    });
    box.input.value = asked.get("q") ?? "";
    box.choose(asked.get("kind") ?? "");
    box.input.focus();
    box.search();
  }

  function marksFromAddress() {
    const address = new URL(location.href);
    const query = address.searchParams.get("find");
    if (!query) return;
    // A reload, or a link that is passed on, shows the page as it is.
    address.searchParams.delete("find");
    history.replaceState(history.state, "", address);
    module("marks.js").then(({ show }) => show(query, ROOT)).catch(console.warn);
  }

  const whole = document.querySelector(".search-whole-page");
  const wrapper = document.querySelector(".search-button__wrapper");
  if (wrapper) dialog(wrapper);
  if (whole) wholePage(whole);
  else marksFromAddress();
})();
