"""How fast `course grade` is beside nbgrader, otter-grader and the floor: `make bench`."""
