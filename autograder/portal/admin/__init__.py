"""What a course's keeper does from the command line: links, backup, restore, purge, a demonstration."""
