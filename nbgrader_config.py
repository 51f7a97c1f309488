"""nbgrader's settings, so that plain `nbgrader …` commands work in this folder and agree with `course`."""

from autograder.course import Course
from autograder.publish.preprocessors import IGNORED, RELEASE

course = Course.find()
c = get_config()  # noqa: F821  nbgrader puts it here

c.CourseDirectory.root = str(course.root)
c.CourseDirectory.course_id = course.settings["course"]["id"]
c.CourseDirectory.db_url = course.db_url
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
# nbgrader's own feedback shows hidden tests: it stays with the TAs, away from our feedback/.
c.CourseDirectory.feedback_directory = "feedback-nbgrader"

c.CourseDirectory.ignore = IGNORED

c.GenerateAssignment.preprocessors = RELEASE
c.IncludeHeaderFooter.header = "solutions/header.ipynb"
c.IncludeHeaderFooter.footer = "solutions/footer.ipynb"
c.ClearSolutions.code_stub = {"python": "# 여기에 답을 쓰세요.\nraise NotImplementedError()"}
c.ClearSolutions.text_stub = "여기에 답을 쓰세요."

# The same judge as `course grade`: students' metadata and tests are never believed.
c.Autograde.sanitize_preprocessors = ["autograder.grading.plugins.RebuildSubmission"]
c.Autograde.autograde_preprocessors = ["autograder.grading.plugins.JudgeSubmission"]
