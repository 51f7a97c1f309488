// Marks what was looked for in the page that a hit leads to: `?find=` in its address.

import { load } from "./engine.js";
import { readings } from "./query.js";
import { pattern } from "./words.js";

const MOST = 500;
const LEFT_ALONE = "script, style, svg, mark, .math, mjx-container, .headerlink, button, .search-marks";

// Mark `query` in the article; shows a bar that says so and takes the marks off again.
export async function show(query, root) {
  const article = document.querySelector("article.bd-article");
  const engine = await load(root);
  const expression = pattern(readings(query, engine.glossary));
  if (!article || !expression) return;
  const marks = mark(article, expression);
  if (marks.length) article.prepend(bar(query, marks));
}

function mark(article, expression) {
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest(LEFT_ALONE)
      ? NodeFilter.FILTER_REJECT
      : NodeFilter.FILTER_ACCEPT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const marks = [];
  for (const node of nodes) {
    // From the end, so that the places before a mark stay where they are.
    for (const found of [...node.data.matchAll(expression)].reverse()) {
      if (!found[0] || marks.length >= MOST) continue;
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const element = document.createElement("mark");
      element.className = "search-found";
      range.surroundContents(element);
      marks.push(element);
    }
  }
  return marks;
}

function bar(query, marks) {
  const element = document.createElement("p");
  element.className = "search-marks";
  element.setAttribute("role", "status");
  const words = document.createElement("span");
  words.textContent = `「${query}」 ${marks.length}곳을 표시했습니다.`;
  const off = document.createElement("button");
  off.type = "button";
  off.textContent = "표시 지우기";
  off.addEventListener("click", () => {
    for (const one of marks) {
      const parent = one.parentNode;
      one.replaceWith(...one.childNodes);
      parent.normalize();
    }
    element.remove();
  });
  element.append(words, off);
  return element;
}
