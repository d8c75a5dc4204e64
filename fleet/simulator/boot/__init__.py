"""Simulated phones that boot from a provisioning server and register, as real ones do.

facts/provisioning 1 and 2. What no source says is assumed, and says so where it is.
"""
