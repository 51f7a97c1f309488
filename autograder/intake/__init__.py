"""Anything that a student hands in becomes a clean Submission."""
