"""What is handed in gets graded in the background, and who waits can see how far it is."""
