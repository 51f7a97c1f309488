// Asks Pagefind for each token of a query and puts the answers together: which sections hold
// all units of a reading, and which pages these sections belong to.

import { distance, encode, isHangul, squeeze, Stems, wholeWord } from "./korean.js";
import { Glossary, readings } from "./query.js";

const OTHER_SECTIONS = 0.1; // what further sections of a page add to its best one
const SPREAD = 0.5; // a page that has the units in different sections only
const LONG_WORD = 4; // syllables that may be two words
const SPLIT = 0.7; // 다음글자 read as 다음 글자
const LONG_QUERY = 4; // from here on (an error message) not every word has to be found
const ENOUGH = 0.6;

let loading;

// One engine for the page; a failed attempt (offline) may be repeated.
export function load(root) {
  loading ??= Engine.load(root).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

class Engine {
  static async load(root) {
    const folder = new URL(`${root}pagefind/`, document.baseURI).href;
    const [pagefind, catalogue] = await Promise.all([
      import(`${folder}pagefind.js`),
      fetch(`${folder}catalogue.json`, { cache: "no-cache" }).then(json),
    ]);
    await pagefind.options({ basePath: folder, ranking: { pageLength: 0.6 } });
    await pagefind.init();
    return new Engine(folder, pagefind, catalogue);
  }

  constructor(folder, pagefind, catalogue) {
    Object.assign(this, { folder, pagefind, ...catalogue });
    this.glossary = new Glossary(this.terms, new Stems(catalogue));
    this.answers = new Map();
    this.texts = new Map();
  }

  // Pages for a query, the best first: {page, score, hits: [{id, section, kind, score}]}, and
  // how many pages there are of each kind. `kind`: "prose", "code" or "" for both.
  async search(query, kind = "") {
    const found = new Map();
    const all = readings(query, this.glossary);
    for (const reading of all) {
      const scored = await this.#reading(reading);
      for (const [id, hit] of scored) {
        const best = found.get(id);
        if (!best || best.score < hit.score) found.set(id, hit);
      }
    }
    const size = Math.max(0, ...all.map((reading) => reading.units.length));
    const counts = Object.fromEntries(
      ["", "prose", "code"].map((one) => [one, this.#pages(found, one, size).length]));
    return { pages: this.#pages(found, kind, size), counts, readings: all };
  }

  // The sections of a page as one reads them.
  text(page) {
    if (!this.texts.has(page)) {
      const url = this.folder + this.pages[page].text;
      this.texts.set(page, fetch(url).then(json));
    }
    return this.texts.get(page);
  }

  // Names of terms that look like what was typed.
  suggestions(query, most = 3) {
    const typed = squeeze(query).normalize("NFD").length;
    return this.terms
      .map(({ names }) => {
        const cost = Math.min(...names.map((name) => distance(query, name)));
        return { name: names[0], cost };
      })
      .filter(({ cost }) => cost <= Math.max(2, typed * 0.5))
      .sort((a, b) => a.cost - b.cost)
      .slice(0, most)
      .map(({ name }) => name);
  }

  // Record ids → {score, units}: `units` are those that were found, by number.
  async #reading({ units, weight }) {
    const found = new Map();
    const answers = await Promise.all(units.map((unit) => this.#unit(unit)));
    answers.forEach((answer, number) => {
      for (const [id, score] of answer) {
        const hit = found.get(id) ?? { sum: 0, units: new Set(), of: units.length };
        hit.sum += score;
        hit.units.add(number);
        found.set(id, hit);
      }
    });
    for (const hit of found.values()) {
      hit.score = weight * hit.sum * (hit.units.size / hit.of) ** 2;
    }
    return found;
  }

  async #unit(unit) {
    const parts = await Promise.all(unit.parts.map((part) => this.#part(part)));
    const words = intersection(parts);
    if (!unit.term) return words;
    return best([[await this.#ask(unit.token), 1], [words, 0.5]]);
  }

  async #part({ run, alternatives, fallbacks, pieces }) {
    const found = await this.#alternatives(alternatives);
    if (!isHangul(run)) {
      if (found.size || pieces.length < 2) return found;
      return intersection(await Promise.all(pieces.map((piece) => this.#ask(piece))));
    }
    // A compound may stand there in one and in two words: 강화학습, 강화 학습.
    if (!found.size || run.length >= LONG_WORD) {
      const split = await this.#split(run);
      if (split.size) return best([[found, 1], [split, 1]]);
    }
    if (found.size) return found;
    for (const one of fallbacks) {
      const terms = (one.terms ?? []).map((token) => ({ token, weight: 2 * one.weight }));
      const last = await this.#alternatives([one, ...terms]);
      if (last.size) return last;
    }
    return found;
  }

  async #alternatives(alternatives) {
    const asked = alternatives.map(async (one) => [await this.#ask(one.token), one.weight]);
    return best(await Promise.all(asked));
  }

  // Words typed as one; each must begin a word somewhere in the section. One syllable must be
  // a word of its own (첫글자), and is never the last: that would be a guess.
  async #split(run, weight = SPLIT) {
    const found = [];
    for (let at = 1; at <= run.length - 2; at += 1) {
      const [start, rest] = [run.slice(0, at), run.slice(at)];
      const left = await this.#ask(at > 1 ? encode(start) : wholeWord(start));
      if (!left.size) continue;
      const nouns = this.glossary.stems.nouns(rest).filter((noun) => noun.length > 1);
      const whole = await this.#alternatives(
        [rest, ...nouns].map((half) => ({ token: encode(half), weight: 1 })));
      const right = whole.size ? whole : await this.#split(rest, 1);
      found.push([intersection([left, right]), weight]);
    }
    return best(found);
  }

  // Record ids → scores for the words that begin with `token`.
  #ask(token) {
    if (!this.answers.has(token)) {
      const answer = this.pagefind
        .search(token)
        .then(({ results }) => new Map(results.map(({ id, score }) => [id, score])));
      this.answers.set(token, answer);
    }
    return this.answers.get(token);
  }

  #pages(found, kind, size) {
    const pages = new Map();
    for (const [id, hit] of found) {
      const [page, section, itsKind] = this.records[id];
      if (kind && kind !== itsKind) continue;
      const entry = pages.get(page) ?? { page, hits: [], units: new Set() };
      entry.hits.push({ id, section, kind: itsKind, ...hit });
      if (hit.of === size) hit.units.forEach((unit) => entry.units.add(unit));
      pages.set(page, entry);
    }
    const share = (hit) => hit.units.size / hit.of;
    for (const entry of pages.values()) {
      entry.hits.sort((a, b) => share(b) - share(a) || b.score - a.score);
      const [first, ...others] = entry.hits.map((hit) => hit.score);
      entry.share = Math.max(entry.units.size / size, ...entry.hits.map(share));
      entry.score = first + OTHER_SECTIONS * others.slice(0, 4).reduce((a, b) => a + b, 0);
      if (share(entry.hits[0]) < entry.share) entry.score *= SPREAD;
      entry.score *= this.pages[entry.page].weight;
    }
    const most = Math.max(0, ...[...pages.values()].map((entry) => entry.share));
    const enough = size < LONG_QUERY ? most : most * ENOUGH;
    return [...pages.values()]
      .filter((entry) => entry.share >= enough)
      .map((entry) => ({
        ...entry,
        hits: entry.hits.filter((hit) => share(hit) >= Math.min(enough, share(entry.hits[0]))),
      }))
      .sort((a, b) => b.score - a.score);
  }
}

async function json(response) {
  if (!response.ok) throw new Error(`${response.status} ${response.url}`);
  return response.json();
}

// [[answer, weight], …] → for each record the best of the weighted scores.
function best(weighted) {
  const found = new Map();
  for (const [answer, weight] of weighted) {
    for (const [id, score] of answer) {
      found.set(id, Math.max(found.get(id) ?? 0, weight * score));
    }
  }
  return found;
}

// Records that every answer has; their scores add up.
function intersection(answers) {
  const [first = new Map(), ...others] = answers;
  const all = [...first].filter(([id]) => others.every((other) => other.has(id)));
  return new Map(
    all.map(([id, score]) => [id, others.reduce((sum, other) => sum + other.get(id), score)]));
}
