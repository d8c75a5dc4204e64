"""`fleet provision adopt`."""
