"""Hostile notebooks against the judge, and one file for each trick."""
