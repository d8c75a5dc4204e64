"""What a poll costs, beside what others pay: run `python benchmarks/poll.py`."""
