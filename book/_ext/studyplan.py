"""`{study-plan} 8`: the course in eight weeks, and the deadlines that go with it in course.toml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx

import curriculum
import tables
from coursemap import _OfTheBook


@dataclass(frozen=True)
class Step:
    """Something to do at one go: to read a chapter, or to solve a lab."""

    chapter: curriculum.Chapter
    lab: curriculum.Lab | None
    minutes: int


def steps(chapters: list[curriculum.Chapter]) -> list[Step]:
    """Each chapter, and behind it its labs."""
    found = []
    for chapter in chapters:
        found.append(Step(chapter, None, chapter.minutes))
        found += [Step(chapter, lab, lab.minutes) for lab in chapter.labs]
    return found


def spread(todo: list[Step], weeks: int) -> list[list[Step]]:
    """The steps in order over the weeks, as evenly as their order allows.

    Where there are more weeks than steps, a week is left free behind each part's last step as
    long as weeks are left over, and then at the end.
    """
    spare = max(0, weeks - len(todo))
    busy = _lightest(todo, weeks - spare)
    ends = [n for n, week in enumerate(busy) if _closes_a_part(week, busy[n + 1 :])]
    free = dict.fromkeys(ends[:spare], 1)
    if ends:
        free[ends[-1]] = free.get(ends[-1], 0) + spare - len(ends[:spare])
    plan: list[list[Step]] = []
    for n, week in enumerate(busy):
        plan += [week, *([] for _ in range(free.get(n, 0)))]
    return plan


def _closes_a_part(week: list[Step], later: list[list[Step]]) -> bool:
    return not later or later[0][0].chapter.part != week[-1].chapter.part


def _lightest(todo: list[Step], weeks: int) -> list[list[Step]]:
    """Cut the steps into `weeks` runs; of all ways the one with the smallest sum of squares."""
    best: dict[tuple[int, int], tuple[float, list[list[Step]]]] = {(0, 0): (0.0, [])}
    for count in range(1, weeks + 1):
        for end in range(count, len(todo) + 1):
            ways = []
            for start in range(count - 1, end):
                if (start, count - 1) in best:
                    cost, cut = best[start, count - 1]
                    load = sum(step.minutes for step in todo[start:end])
                    ways.append((cost + load**2, [*cut, todo[start:end]]))
            if ways:
                best[end, count] = min(ways, key=lambda way: way[0])
    return best[len(todo), weeks][1]


def deadlines(plan: list[list[Step]], monday: date) -> list[tuple[str, date]]:
    """(lab, the Sunday of the week in which it is solved), for a course that begins on `monday`."""
    return [
        (step.lab.name, monday + timedelta(days=7 * week + 6))
        for week, todo in enumerate(plan)
        for step in todo
        if step.lab
    ]


def in_course_toml(due: list[tuple[str, date]]) -> str:
    """The deadlines as course.toml writes them, in the course's own time zone."""
    return "\n\n".join(
        f'[[lab]]\nname = "{lab}"\ndeadline = "{day.isoformat()}T23:59:00"' for lab, day in due
    )


class StudyPlan(_OfTheBook):
    """A table of weeks; then, folded, the deadlines of a term that begins on `:begins:`."""

    required_arguments = 1
    option_spec = {"begins": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Raises a directive error for fewer weeks than one, or a beginning that is no Monday."""
        config, chapters = self.book()
        weeks = directives.positive_int(self.arguments[0])
        todo = steps(chapters)
        if not weeks or not todo:
            raise self.error("주의 수는 1보다 작을 수 없습니다.")
        plan = spread(todo, weeks)
        rows = [self._row(config, n, week) for n, week in enumerate(plan, start=1)]
        made: list[nodes.Node] = [
            tables.table(("주", "읽을 장", "풀 실습", "시간"), rows, "study-plan")
        ]
        if "begins" in self.options:
            monday = date.fromisoformat(self.options["begins"])
            if monday.weekday():
                raise self.error(f"월요일이 아닙니다: {monday}")
            made.append(self._deadlines(plan, monday))
        return made

    def _row(self, config, n: int, week: list[Step]) -> list:
        if not week:
            return [str(n), "밀린 것을 하고, 쉬어 갑니다", "", ""]
        read: list[nodes.Node] = []
        solve: list[nodes.Node] = []
        for step in week:
            cell = solve if step.lab else read
            if cell:
                cell.append(nodes.Text(", "))
            if step.lab:
                door = nodes.reference("", step.lab.title, refuri=config.lab_url(step.lab.name))
                cell += [nodes.literal("", step.lab.name), nodes.Text(" "), door]
            else:
                name = f"{step.chapter.number}. {step.chapter.title}"
                cell.append(self.link(step.chapter.page, name))
        total = curriculum.hours(sum(step.minutes for step in week))
        return [str(n), read, solve, total]

    def _deadlines(self, plan: list[list[Step]], monday: date) -> nodes.Node:
        text = in_course_toml(deadlines(plan, monday))
        folded = nodes.container(classes=["study-plan-deadlines"])
        first = f"{monday.year}년 {monday.month}월 {monday.day}일에 시작할 때의 course.toml"
        code = nodes.literal_block(text, text, language="toml")
        folded += nodes.paragraph("", "", nodes.strong("", first))
        folded += code
        return folded


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive with Sphinx."""
    app.add_directive("study-plan", StudyPlan)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
