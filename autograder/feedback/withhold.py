"""Takes out of a result what a student must not see, before any page is made of it.

Hidden tests keep their names and points. Their messages, hints and traces go; and wherever a line
of a hidden test shows up in something that the student's code printed or raised, it goes too.
"""

from __future__ import annotations

import copy
import html
import json
import re
from collections.abc import Iterable

from autograder.publish.secrets import squeeze
from autograder.results import Result

SHORTEST = 20  # characters without white space: shorter lines are ordinary code
GONE = "[숨은 테스트의 내용이라 싣지 않습니다]"
_TAG = re.compile(r"<[^<>]*>")


class Withhold:
    """Knows the lines of a lab's hidden tests, without white space."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = [line for line in lines if len(line) >= SHORTEST]

    def holds(self, text: str) -> bool:
        """Whether a hidden line stands in `text`, also within tags, escapes or broken lines."""
        readings = {text, html.unescape(_TAG.sub("", text))}
        if "\\" in text:
            readings.add(text.replace("\\n", "\n").replace('\\"', '"').replace("\\'", "'"))
        squeezed = [squeeze(reading) for reading in readings]
        return any(line in reading for line in self.lines for reading in squeezed)

    def text(self, text: str) -> str:
        """`text` without the lines that hold something; all of it goes where lines do not tell."""
        if not self.holds(text):
            return text
        kept = [GONE if self.holds(line) else line for line in text.split("\n")]
        left = "\n".join(kept)
        return GONE if self.holds(left) else left

    def result(self, result: Result) -> Result:
        """A copy of the result that may be shown to its student."""
        shown = copy.deepcopy(result)
        shown.reason = self.text(shown.reason)
        shown.notices = [self.text(notice) for notice in shown.notices]
        if shown.manual is not None:
            shown.manual.answer = self.text(shown.manual.answer)
        for exercise in shown.exercises.values():
            exercise.reason = self.text(exercise.reason)
            exercise.outputs = [self._output(output) for output in exercise.outputs]
            for check in exercise.checks:
                check.trace = ""
                if check.kind == "hidden":
                    check.message, check.hints, check.parts = "", [], []
                for part in check.parts:
                    part["title"] = self.text(part["title"])
                    part["message"] = self.text(part["message"])
                check.message = self.text(check.message)
                check.hints = [self.text(hint) for hint in check.hints]
        return shown

    def _output(self, output: dict) -> dict:
        """One nbformat output. Anything but text goes as a whole."""
        if output.get("output_type") == "stream":
            return {**output, "text": self.text(joined(output.get("text", "")))}
        data = output.get("data")
        parts = [joined(value) for value in data.values()] if isinstance(data, dict) else []
        parts.append(json.dumps(output, ensure_ascii=False))
        if not any(self.holds(part) for part in parts):
            return output
        return {"output_type": "stream", "name": "stdout", "text": GONE}


def joined(value: object) -> str:
    """nbformat's text: a string or a list of lines."""
    if isinstance(value, list):
        return "".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
