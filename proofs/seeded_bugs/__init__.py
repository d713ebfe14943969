"""Bugs that are put in on purpose, one at a time, and what of the kit catches each."""
