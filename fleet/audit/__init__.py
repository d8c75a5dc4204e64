"""The use case: the nightly audit, from the sweep to the files and the next comparison."""
