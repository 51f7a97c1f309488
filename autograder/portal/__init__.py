"""The web desk. For now: the book and the released labs, nothing more."""
