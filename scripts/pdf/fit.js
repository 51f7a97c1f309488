// Runs in the page before it is printed. Waits for formulas, fonts and pictures, makes what is too
// wide fit, keeps small blocks on one page. Returns what cannot be printed, in Korean.
async () => {
  // Blocks that are lower than this share of a sheet stay on one; others may be broken over two.
  const KEPT = {
    ".admonition, details, .lab-door, .quiz-option, table, dd": 0.4,
    "div.math, figure, .quiz": 0.6,
    pre: 0.2,
  };
  const SHEET = 970; // CSS pixels between the upper and the lower margin
  const SMALLEST = 0.55; // a formula that would have to be smaller than this is an error
  const problems = [];
  const column = document.documentElement.clientWidth;
  const where = (node) => node.closest("article")?.id.replace("page-", "") ?? "";

  const formulas = document.querySelectorAll(".math");
  if (formulas.length) {
    if (!window.MathJax?.startup?.promise) return ["수식을 그리는 MathJax가 실행되지 않았습니다."];
    await window.MathJax.startup.promise;
  }
  await document.fonts.ready;
  for (const font of document.fonts) {
    if (font.status === "error") problems.push(`글꼴을 읽을 수 없습니다: ${font.family}`);
  }
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {
    problems.push(`${where(image)}: 그림을 읽을 수 없습니다: ${image.getAttribute("src").slice(0, 80)}`);
  })));

  for (const formula of formulas) {
    const drawn = formula.querySelector("mjx-container");
    if (!drawn || formula.querySelector("mjx-merror")) {
      problems.push(`${where(formula)}: 그리지 못한 수식: ${formula.textContent.trim().slice(0, 60)}`);
      continue;
    }
    const body = drawn.querySelector("mjx-math");
    const room = (formula.localName === "div" ? formula : formula.parentElement).clientWidth;
    const wide = body.getBoundingClientRect().width;
    if (room && wide > room) {
      if (room / wide < SMALLEST) problems.push(`${where(formula)}: 너무 긴 수식: ${wide} > ${room}`);
      drawn.style.fontSize = `${Math.floor(100 * room / wide)}%`;
    }
  }

  // A table column cannot be narrower than its longest word: the whole table gets smaller.
  for (const table of document.querySelectorAll("article table")) {
    const room = table.parentElement.clientWidth;
    for (let size = 95; table.scrollWidth > room + 1 && size >= 60; size -= 5) {
      table.style.fontSize = `${size}%`;
    }
  }

  for (const [blocks, share] of Object.entries(KEPT)) {
    for (const block of document.querySelectorAll(blocks)) {
      if (block.getBoundingClientRect().height < share * SHEET) block.classList.add("kept");
    }
  }

  for (const node of document.querySelectorAll("body *")) {
    if (node.closest("mjx-container, svg") || getComputedStyle(node).position === "absolute") continue;
    const box = node.getBoundingClientRect();
    if (box.width && (box.right > column + 1 || box.left < -1)) {
      problems.push(`${where(node)}: 쪽보다 넓습니다: <${node.localName} class="${node.className}"> `
        + node.textContent.trim().slice(0, 60));
    }
  }
  return problems.slice(0, 5);
}
