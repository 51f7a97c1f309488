"""nbgrader's preprocessors of ours: plain `nbgrader autograde` takes the same path as `course grade`."""

from __future__ import annotations

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course import Course
from autograder.grading import assignment
from autograder.grading import gradebook as book
from autograder.grading.grade import note_own_scores, settle
from autograder.grading.one import Paper, mark
from autograder.grading.todo import job_of
from autograder.intake.notebook import parse
from autograder.intake.submission import rebuild_for, submissions
from autograder.sandbox import survey
from autograder.sandbox.fork import ForkExecutor


class RebuildSubmission(NbGraderPreprocessor):
    """Puts the text of the student's answers into the released notebook; believes nothing else."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """See NbGraderPreprocessor."""
        course, lab = Course.find(), resources["nbgrader"]["assignment"]
        handed_in = parse(nbformat.writes(nb).encode(), course.limits)
        return rebuild_for(course, lab, handed_in).notebook, resources


class JudgeSubmission(NbGraderPreprocessor):
    """Runs and judges the rebuilt notebook and saves its scores as `course grade` does."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """See NbGraderPreprocessor."""
        course = Course.find()
        lab, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        submission = next(
            (each for each in submissions(course, lab) if each.handin.student == student), None
        )
        if submission is None:
            raise NbGraderException(f"{student}: 채점할 수 없는 제출입니다 (course status)")
        try:
            missing = survey.insist(course.settings)
        except RuntimeError as error:
            raise NbGraderException(str(error)) from None
        if missing:
            self.log.warning(missing)
        paper, executor = Paper.load(course, lab), ForkExecutor()
        try:
            marked = mark(paper, submission.rebuilt.notebook, executor)
        finally:
            executor.close()
        with book.open_gradebook(course) as gradebook:
            note_own_scores(gradebook, course, lab)
            assignment.register(gradebook, course, course.lab(lab), paper.source)
            settle(gradebook, course, job_of(submission, paper), marked)
        return marked.notebook, resources
