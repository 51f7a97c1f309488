"""Where student code runs: one small interface, one warm process that forks."""
