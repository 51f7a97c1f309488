"""The `course` command and everything behind it: see autograder/README.md for the picture."""
