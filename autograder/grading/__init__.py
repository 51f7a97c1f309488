"""Submissions become scores in the gradebook."""
