// The words that one sees: where a query's units stand in a text, and the piece around them.

import { isHangul, isOpenEnded } from "./korean.js";

const BEFORE = 60; // letters before the word around which an excerpt is cut
const AT_MOST = 160;
const NEAR = AT_MOST - BEFORE;

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// One expression for all that a query may have found, the longest first.
export function pattern(readings) {
  const found = new Set();
  for (const { units } of readings) {
    for (const { term, parts } of units) {
      for (const name of term?.names ?? []) found.add(spelling(name));
      // 기울기 소실 is a name of 경사소실; 기울기 alone is not what was looked for.
      if (term && parts.length > 1) continue;
      for (const { alternatives, fallbacks } of parts) {
        for (const one of [...alternatives, ...fallbacks]) {
          if (one.shown.length > 1 || one === alternatives[0]) found.add(beginning(one));
        }
      }
    }
  }
  const longestFirst = [...found].sort((a, b) => b.length - a.length);
  return longestFirst.length ? new RegExp(longestFirst.join("|"), "giu") : null;
}

// A name, however its parts are held together. An abbreviation is no part of another word.
function spelling(name) {
  const body = name.split(/[\s\-·_]+/).map(escaped).join("[\\s\\-·_]*");
  return isHangul(name) ? body : `(?<![A-Za-z0-9])${body}(?![A-Za-z])`;
}

function beginning({ shown, open }) {
  if (!isHangul(shown)) return [...shown].map(escaped).join("[_.]?");
  if (!open || !isOpenEnded(shown)) return shown;
  // 배우 with any final consonant: the 28 syllables from 우 on stand in a row.
  const last = shown.at(-1);
  const end = String.fromCharCode(last.charCodeAt(0) + 27);
  return `${shown.slice(0, -1)}[${last}-${end}]`;
}

// Pieces [{text, found}] of the part of `text` that says most about the query; of code, the
// lines around it.
export function excerpt(text, expression, isCode = false) {
  const marks = expression ? [...text.matchAll(expression)].filter((mark) => mark[0]) : [];
  const best = densest(marks);
  const { from, to } = isCode ? lines(text, best) : around(text, best);
  const pieces = [];
  let at = from;
  for (const mark of marks) {
    const end = mark.index + mark[0].length;
    if (mark.index < at || end > to) continue;
    pieces.push({ text: text.slice(at, mark.index) }, { text: mark[0], found: true });
    at = end;
  }
  pieces.push({ text: text.slice(at, to) });
  if (!isCode && from > 0) pieces.unshift({ text: "… " });
  if (!isCode && to < text.length) pieces.push({ text: " …" });
  return pieces.filter((piece) => piece.text);
}

// Where the most different words, then the most words, stand close together.
function densest(marks) {
  let [best, most] = [0, -1];
  for (const { index } of marks) {
    const near = marks.filter((mark) => mark.index >= index && mark.index < index + NEAR);
    const value = new Set(near.map((mark) => mark[0].toLowerCase())).size * 10 + near.length;
    if (value > most) [best, most] = [index, value];
  }
  return best;
}

// Whole words only, at both ends.
function around(text, best) {
  let from = Math.max(0, best - BEFORE);
  if (from > 0) from = Math.min(best, text.indexOf(" ", from) + 1 || best);
  let to = Math.min(text.length, from + AT_MOST);
  if (to < text.length) to = Math.max(text.lastIndexOf(" ", to), best + 1);
  return { from, to };
}

// The line and its neighbours.
function lines(text, best) {
  const start = text.lastIndexOf("\n", best - 1) + 1;
  const from = start && text.lastIndexOf("\n", start - 2) + 1;
  const end = (at) => (text.indexOf("\n", at) + 1 || text.length + 1) - 1;
  return { from, to: end(Math.min(text.length, end(best) + 1)) };
}
