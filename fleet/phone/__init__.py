"""The phone as an outside thing: fetching its page, reading it, what models there are."""
