// The desk works without this file; with it, files are dropped, looked at before they are sent, and the
// grading is watched live.
"use strict";

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

for (const field of document.querySelectorAll("[data-select]")) {
  field.addEventListener("focus", () => field.select());
}
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value));
}

function dropping(form) {
  const input = form.querySelector("input[type=file]");
  const says = form.querySelector("[data-preflight]");
  const sure = form.querySelector(".sure");
  const box = sure.querySelector("input");
  const button = form.querySelector("button.main");

  const tell = (lines, kind) => {
    says.replaceChildren();
    const list = document.createElement("ul");
    for (const line of lines) {
      const item = document.createElement("li");
      item.textContent = line;
      item.className = kind;
      list.append(item);
    }
    says.append(list);
  };

  const ask = on => {
    if (on) delete sure.dataset.sure; else sure.dataset.sure = "";
    box.required = on;
    if (!on) box.checked = false;
  };

  async function look() {
    says.replaceChildren();
    ask(false);
    const file = input.files[0];
    if (!file) return;
    if (file.size > Number(form.dataset.most) * 2 ** 20) {
      tell([fill(says.dataset.large, { n: form.dataset.most })], "bad");
      return;
    }
    const body = new FormData(form);
    try {
      const answer = await fetch(form.dataset.check, { method: "POST", body, headers: { accept: "application/json" } });
      const found = await answer.json();
      if (input.files[0] !== file) return;
      if (found.error || found.refused) tell([found.error || found.refused], "bad");
      else if (found.asks) {
        tell([...found.missing.map(name => fill(says.dataset.missing, { name })),
          ...found.doubled.map(name => fill(says.dataset.doubled, { name }))], "bad");
        ask(true);
      } else tell([says.dataset.good, ...found.notices], "good");
    } catch { /* handing in will say what is wrong */ }
  }

  input.addEventListener("change", look);
  if (input.files.length) look(); // chosen before this file was there
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, event => { event.preventDefault(); form.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    form.addEventListener(name, event => { event.preventDefault(); form.classList.remove("over"); });
  }
  form.addEventListener("drop", event => {
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    look();
  });
  form.addEventListener("submit", () => {
    button.disabled = true;
    tell([says.dataset.sending], "");
    setTimeout(() => { button.disabled = false; }, 15000);
  });
}

function watching(card) {
  const says = card.querySelector("[data-says]");
  const source = new EventSource(card.dataset.events);
  source.onmessage = event => {
    const now = JSON.parse(event.data);
    if (now.state === "done" || now.state === "failed") {
      source.close();
      location.reload();
      return;
    }
    const words = now.state === "running" ? card.dataset.running
      : now.place > 1 ? fill(card.dataset.waiting, { n: now.place - 1 }) : card.dataset.next;
    says.textContent = now.seconds ? `${words} ${fill(card.dataset.about, { n: now.seconds })}` : words;
  };
  source.onerror = () => { says.textContent = card.dataset.lost; };
}

document.querySelectorAll("[data-drop]").forEach(dropping);
document.querySelectorAll("[data-events]").forEach(watching);
addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
