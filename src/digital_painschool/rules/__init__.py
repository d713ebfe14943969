"""The rules: pure functions from a state to the events that follow, or a `RuleViolation`.

No clock, no randomness, no input or output; a rule file knows the values and no other rule file.
"""
