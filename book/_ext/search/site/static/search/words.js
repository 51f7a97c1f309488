// The words that one sees: where a query's units stand in a text, and the piece around them.

import { isHangul, isOpenEnded } from "./korean.js";

const AROUND = 60; // letters before and behind the first word of an excerpt
const AT_MOST = 160;

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// One expression for all that a query may have found, the longest first.
export function pattern(readings) {
  const found = new Set();
  for (const { units } of readings) {
    for (const { term, parts } of units) {
      for (const name of term?.names ?? []) found.add(spelling(name));
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

// Pieces [{text, found}] of the part of `text` that says most about the query.
export function excerpt(text, expression) {
  const marks = expression ? [...text.matchAll(expression)].filter((mark) => mark[0]) : [];
  const { from, to } = densest(text, marks);
  const pieces = [];
  let at = from;
  for (const mark of marks) {
    const end = mark.index + mark[0].length;
    if (mark.index < at || end > to) continue;
    pieces.push({ text: text.slice(at, mark.index) }, { text: mark[0], found: true });
    at = end;
  }
  pieces.push({ text: text.slice(at, to) });
  if (from > 0) pieces.unshift({ text: "… " });
  if (to < text.length) pieces.push({ text: " …" });
  return pieces.filter((piece) => piece.text);
}

function densest(text, marks) {
  let [best, most] = [0, -1];
  for (const { index } of marks) {
    const inside = marks.filter((mark) => mark.index >= index && mark.index < index + AT_MOST - AROUND);
    const different = new Set(inside.map((mark) => mark[0].toLowerCase())).size;
    const value = different * 10 + inside.length;
    if (value > most) [best, most] = [index, value];
  }
  // Whole words only, at both ends.
  let from = Math.max(0, best - AROUND);
  if (from > 0) from = Math.min(best, text.indexOf(" ", from) + 1 || best);
  let to = Math.min(text.length, from + AT_MOST);
  if (to < text.length) to = Math.max(text.lastIndexOf(" ", to), best + 1);
  return { from, to };
}
