"""Releases, the public tree, and the proof that nothing secret is in it."""
