"""The rules: pure functions from a state to the events that follow, or a `RuleViolation`.

A rule uses no clock, no randomness and no I/O. A rule file imports the domain, and `access` of the other rule files.
"""
