"""Which cells run, and what the runs of the test cells mean."""
