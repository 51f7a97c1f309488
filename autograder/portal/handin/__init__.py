"""From a file that somebody sends to a receipt."""
