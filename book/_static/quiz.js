// A quiz in the page (made by book/_ext/quiz.py): choose, press 「확인」, read why, try again.
// Without this script the same HTML is a question, its options and their folded reasons.
(() => {
  "use strict";

  const NOTHING = "보기를 먼저 고르세요.";
  const RIGHT = "✓ 맞았습니다.";
  const WRONG = "✗ 틀렸습니다. 고른 보기 아래의 까닭을 읽고 다시 풀어 보세요.";
  const WRONG_AMONG = "✗ 틀린 보기가 섞여 있습니다. 고른 보기 아래의 까닭을 읽어 보세요.";
  const MORE = "✗ 고른 것은 맞지만 맞는 보기가 더 있습니다.";

  function verdict(options) {
    const chosen = options.filter((option) => option.input.checked);
    if (chosen.some((option) => !option.isRight)) {
      return chosen.length > 1 ? WRONG_AMONG : WRONG;
    }
    return options.some((option) => option.isRight && !option.input.checked) ? MORE : RIGHT;
  }

  function start(box) {
    const options = [...box.querySelectorAll(".quiz-option")].map((element) => ({
      element,
      input: element.querySelector("input"),
      reason: element.querySelector(".quiz-reason"),
      isRight: element.dataset.right === "true",
    }));
    const again = box.querySelector(".quiz-again");
    const said = box.querySelector(".quiz-verdict");

    function say(words) {
      said.textContent = words;
      box.dataset.verdict = { "✓": "right", "✗": "wrong" }[words[0]] || "";
    }

    function check() {
      if (!options.some((option) => option.input.checked)) {
        say(NOTHING);
        return;
      }
      for (const { element, input, reason } of options) {
        element.classList.toggle("quiz-chosen", input.checked);
        reason.hidden = false; // the reasons of the others can be opened now
        reason.open = input.checked;
        // Coming back to an option, a screen reader reads its reason along.
        if (input.checked) input.setAttribute("aria-describedby", `${input.id}-reason`);
      }
      again.hidden = false;
      say(verdict(options));
    }

    function restart() {
      for (const { element, input, reason } of options) {
        element.classList.remove("quiz-chosen");
        input.checked = false;
        input.removeAttribute("aria-describedby");
        reason.open = false;
        reason.hidden = true;
      }
      again.hidden = true;
      say("");
      options[0].input.focus();
    }

    for (const { input, reason } of options) {
      input.hidden = false;
      input.checked = false; // a browser may remember what was chosen before a reload
      reason.hidden = true;
      input.addEventListener("change", () => say(""));
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") check();
      });
    }
    box.querySelector(".quiz-check").addEventListener("click", check);
    again.addEventListener("click", restart);
    box.querySelector(".quiz-actions").hidden = false;
    box.classList.add("quiz-live");
  }

  // On paper nothing can be opened. (The style sheet does the same where a browser lets it.)
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".quiz-reason:not([open])")];
    for (const reason of opened) reason.open = true;
  });
  addEventListener("afterprint", () => {
    for (const reason of opened) reason.open = false;
  });

  document.querySelectorAll("div.quiz").forEach(start);
})();
