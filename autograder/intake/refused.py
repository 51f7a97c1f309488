"""The one way in which intake says no."""


class Refused(Exception):
    """A hand-in that cannot be graded. Its text is one clear Korean sentence for student and TA."""
