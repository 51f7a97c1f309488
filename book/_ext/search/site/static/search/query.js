// What a reader typed, as units that all have to be found: terms of the glossary and words.
// Spaces are often typed where the book has none, and the other way round; so a query has
// several readings.

import { beginning, encode, isHangul, isOpenEnded, latin, runs, squeeze, termToken } from "./korean.js";

const LONGEST_NAME = 5; // words

export class Glossary {
  constructor(terms, stems) {
    this.stems = stems;
    this.names = new Map();
    for (const term of terms) {
      // A Korean name is stronger than another term's English one.
      for (const name of [...term.names].reverse()) this.names.set(squeeze(name), term);
    }
  }

  // The term that `text` names, with or without particles behind it.
  named(text) {
    const name = squeeze(text);
    const candidates = [name, ...this.stems.nouns(name), name.replace(/s$/, "")];
    return candidates.map((one) => this.names.get(one)).find(Boolean);
  }

  // 학스: the terms that one may be about to type.
  begun(run) {
    const { token } = beginning(run, true);
    const terms = [...this.names].filter(([name]) => encode(name).startsWith(token));
    return [...new Set(terms.map(([, term]) => term.names[0]))].map(termToken);
  }

  // 장단기메모리네트워크: a term with more behind it. Returns [term, rest] or nothing.
  atStart(word) {
    const name = squeeze(word);
    for (let end = name.length - 2; end >= 3; end -= 1) {
      const term = this.names.get(name.slice(0, end));
      if (term && isHangul(name)) return [term, name.slice(end)];
    }
    return null;
  }
}

export function readings(query, glossary) {
  const words = query.normalize("NFC").trim().split(/\s+/).filter(Boolean);
  const first = units(words, glossary);
  const found = [{ units: first, weight: 1 }];
  // Join what stands side by side: 신경 망, 헌 법.
  for (let index = 0; index + 1 < first.length; index += 1) {
    const [left, right] = [first[index], first[index + 1]];
    if (isHangul(left.text) && isHangul(right.text)) {
      const joined = word(left.text.replace(/\s/g, "") + right.text, glossary);
      found.push({
        units: [...first.slice(0, index), joined, ...first.slice(index + 2)],
        weight: 0.9,
      });
    }
  }
  return found;
}

function units(words, glossary) {
  const found = [];
  for (let index = 0; index < words.length; ) {
    let end = Math.min(words.length, index + LONGEST_NAME);
    let term;
    for (; end > index; end -= 1) {
      term = glossary.named(words.slice(index, end).join(" "));
      if (term) break;
    }
    if (term) {
      found.push(named(words.slice(index, end).join(" "), term, glossary));
      index = end;
      continue;
    }
    const start = glossary.atStart(words[index]);
    if (start) {
      found.push(named(start[0].names[0], start[0], glossary));
      found.push(word(start[1], glossary));
    } else if (runs(words[index]).length) {
      found.push(word(words[index], glossary));
    }
    index += 1;
  }
  return found;
}

function named(text, term, glossary) {
  // A name is made of nouns: 장단기 is no form of a verb that 문장당 could hold as well.
  const nouns = (part) => ({ ...part, alternatives: part.nouns, fallbacks: [] });
  return { text, term, token: termToken(term.names[0]), parts: parts(text, glossary).map(nouns) };
}

function word(text, glossary) {
  return { text, parts: parts(text, glossary) };
}

// The runs of a unit; each has alternatives [{token, shown, weight}], the best first.
function parts(text, glossary) {
  const { stems } = glossary;
  const all = text.split(/\s+/).flatMap(runs);
  const said = all.filter((run, index) => index === 0 || !stems.isParticle(run));
  return said.map((run) => {
    if (!isHangul(run)) {
      const whole = latin(run);
      const found = [{ token: whole, shown: whole, weight: 1 }];
      if (/^[a-z]{3,}s$/.test(whole)) {
        found.push({ token: whole.slice(0, -1), shown: whole.slice(0, -1), weight: 0.8 });
      }
      // multi-head, where the book writes multi head
      const pieces = run.split("-").map(latin).filter((piece) => piece.length > 1);
      return { run, alternatives: found, nouns: found, fallbacks: [], pieces };
    }
    const nouns = stems.nouns(run).map((stem) => ({ ...beginning(stem), weight: 0.8 }));
    const verbs = stems.verbs(run).map((stem) => ({ ...stem, weight: 0.5 }));
    const typing = isOpenEnded(run) && run.length > 1;
    const isLong = (stem) => stem.shown.length > 1;
    const itself = { ...beginning(run), weight: 1 };
    return {
      run,
      nouns: [itself, ...nouns.filter(isLong)],
      // Verbs are asked together with the word itself: where 배운다 stands as it was typed says
      // less about learning than where 배웁니다 is the heading.
      alternatives: [itself, ...nouns.filter(isLong), ...verbs.filter(isLong)],
      // Asked only when the others found nothing: one syllable says little.
      fallbacks: [
        ...(typing ? [{ ...beginning(run, true), weight: 0.4, terms: glossary.begun(run) }] : []),
        ...[...nouns, ...verbs].filter((stem) => !isLong(stem)),
      ],
    };
  });
}
