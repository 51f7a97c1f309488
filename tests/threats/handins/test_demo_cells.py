"""Demo cells do not run in grading: a test called a demo must, an answer in a demo must not."""

from __future__ import annotations

from tests.threats.handins.court import DOUBLE, RELU, WRONG, cell, notebook


def test_tests_tagged_as_demos_run(court):
    made = notebook(WRONG)
    for each in made.cells:
        each.metadata["tags"] = ["demo"]
    court(made).assert_graded("m50", 60)


def test_an_answer_in_the_demo_cell_is_none(court):
    made = notebook({"relu": RELU})
    cell(made, "demo").source = DOUBLE
    court(made).assert_graded("m50", 60, "시연 셀이 바뀌어 있지만 원래 것을 씁니다")


def test_code_in_a_demo_cell_does_not_reach_the_tests(court):
    made = notebook(WRONG)
    demo = cell(made, "demo")
    demo.source = "import builtins\nbuiltins.double = lambda x: 2 * x\ndel double"
    made.cells.remove(demo)
    made.cells.insert(3, demo)  # in front of the tests of double
    court(made).assert_graded("m50", 60)


def test_an_answer_called_a_demo_is_an_answer(court):
    made = notebook()
    cell(made, "double").metadata["tags"] = ["demo"]
    court(made).assert_graded("m50", 100)
