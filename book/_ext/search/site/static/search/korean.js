// A query in the letters of the index. korean.py writes the pages in them and
// says why; FIRST_LETTER, FINALS, END and TERM are the same there.

const END = "\u01c3";
const TERM = "\u01bb";
const FINALS = "abcdefghijklmnopqrstuvwxyz01";
const FIRST_SYLLABLE = 0xac00;
const FIRST_LETTER = 0x4e00;
// The final consonants as the lone letters that the endings in the catalogue begin with.
const FINAL_JAMO = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";
// 학습한다, 학습됩니다, 학습시키는: the noun is what one looks for.
const NOUN_VERB = /^([가-힣]{2,}?)(?:하|한|할|함|합|해|했|되|된|될|됨|됩|돼|됐|시키|시킨|시킬|시켜|시켰)[가-힣]{0,4}$/;

export const isHangul = (text) => /^[가-힣]/.test(text);
export const squeeze = (text) => text.normalize("NFC").toLowerCase().replace(/[\s\-·_]+/g, "");

const place = (char) => char.charCodeAt(0) - FIRST_SYLLABLE;
const final = (char) => place(char) % FINALS.length;
const withoutFinal = (char) => String.fromCharCode(FIRST_SYLLABLE + place(char) - final(char));

export function encode(text) {
  return [...text.toLowerCase()]
    .map((char) =>
      isHangul(char)
        ? String.fromCharCode(FIRST_LETTER + Math.floor(place(char) / FINALS.length)) +
          FINALS[final(char)]
        : char)
    .join("");
}

export const wholeWord = (word) => encode(word) + END;
export const termToken = (name) => TERM + encode(squeeze(name)) + END;

// The beginnings of tokens that match `run`, as {token, shown}: `shown` is what the reader
// sees of it. An open one also matches where its last syllable goes on: 배우, 배운, 배웁니다.
export function beginning(run, open = false) {
  const token = encode(run);
  return { token: open ? token.slice(0, -1) : token, shown: run, open };
}

// Runs of one script, as the index cuts them: RNN의 is RNN and 의.
export function runs(word) {
  return word.match(/[가-힣]+|[A-Za-zΑ-ω_][A-Za-zΑ-ω0-9_]*(?:-[A-Za-z0-9_]+)*|\d+(?:\.\d+)*/g) ?? [];
}

// An identifier as the index has it: clip_grad_norm_ is clipgradnorm, GPT-2 is gpt2.
export const latin = (run) => run.toLowerCase().replace(/[-_.]/g, "");

// 학스 while one types 학습: the last syllable may still get its final consonant.
export const isOpenEnded = (run) => isHangul(run) && final(run.at(-1)) === 0;

// What stays of a Hangul word without particles and endings, as beginnings.
export class Stems {
  constructor({ particles, endings }) {
    this.particles = [...particles].sort((a, b) => b.length - a.length);
    this.endings = [...endings].sort((a, b) => b.length - a.length);
  }

  isParticle(run) {
    return this.particles.includes(run);
  }

  nouns(run) {
    const found = this.particles
      .filter((end) => run.length > end.length && run.endsWith(end))
      .map((end) => run.slice(0, -end.length));
    const verb = run.match(NOUN_VERB);
    return [...new Set(verb ? [verb[1], ...found] : found)];
  }

  verbs(run) {
    const found = this.endings.map((end) => this.#verb(run, end)).filter(Boolean);
    return [...new Map(found.map((stem) => [stem.token, stem])).values()];
  }

  #verb(run, end) {
    let stem;
    if (isHangul(end)) {
      stem = run.endsWith(end) ? run.slice(0, -end.length) : "";
    } else {
      // «ㄴ다»: 배운다 is 배우 and a final ㄴ and 다.
      const rest = end.slice(1);
      const before = run.endsWith(rest) ? run.slice(0, run.length - rest.length) : "";
      if (!before || FINAL_JAMO[final(before.at(-1))] !== end[0]) return null;
      stem = before.slice(0, -1) + withoutFinal(before.at(-1));
    }
    // 망고 is not 망 and 고; 잊는다 is 잊 and 는다.
    if (!stem || (stem.length === 1 && end.length === 1)) return null;
    // 이 from 잊 would be the beginning of half the dictionary.
    const open = stem.length > 1 || final(stem) === 0;
    return beginning(stem, open);
  }
}

// How many jamo one would have to change to get from one name to another.
export function distance(from, to) {
  const [a, b] = [[...squeeze(from).normalize("NFD")], [...squeeze(to).normalize("NFD")]];
  let row = b.map((_, index) => index + 1);
  a.forEach((char, i) => {
    let corner = i;
    let left = i + 1;
    row = b.map((other, j) => {
      const cost = Math.min(left + 1, row[j] + 1, corner + (char === other ? 0 : 1));
      corner = row[j];
      left = cost;
      return cost;
    });
  });
  return row.at(-1) ?? a.length;
}
