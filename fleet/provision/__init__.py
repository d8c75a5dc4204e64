"""The use case: from intent to files, to phones that prove they took them."""
