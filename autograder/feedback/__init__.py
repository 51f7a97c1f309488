"""What the student reads, in Korean, sanitised."""
