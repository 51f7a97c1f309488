"""The pages of those who teach."""
