"""Quizzes on paper: nothing can be pressed, so the options come first, then what is said of each.

Reads the markup of `{quiz}`: `.quiz-option[data-right]` with a `details.quiz-reason` in it.
"""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

HEADING = "답과 까닭"
_NEW = BeautifulSoup("", "html.parser")
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"


def answers_last(article: Tag) -> None:
    """Number the options of each quiz and move their reasons to its end."""
    for quiz in article.select(".quiz"):
        answers = _NEW.new_tag("div", attrs={"class": "quiz-answers"})
        heading = _NEW.new_tag("p", attrs={"class": "quiz-answers-title"})
        heading.string = HEADING
        answers.append(heading)
        for place, option in enumerate(quiz.select(".quiz-option")):
            mark = _CIRCLED[place] if place < len(_CIRCLED) else f"({place + 1})"
            for box in option.select("input"):
                box.decompose()
            label = option.select_one("label")
            if label is not None:
                label.name = "span"
                label.insert(0, f"{mark} ")
            reason = option.select_one("details.quiz-reason")
            if reason is None:
                continue
            for summary in reason.select("summary"):
                summary.decompose()
            reason.extract()
            reason.name = "div"
            first = reason.find("p")
            if first is not None:
                first.insert(0, f"{mark} ")
            answers.append(reason)
        for left in quiz.select(".quiz-actions, .quiz-verdict"):
            left.decompose()
        quiz.append(answers)
