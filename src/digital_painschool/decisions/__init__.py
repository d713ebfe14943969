"""What a clinic decides, in plain words: every value of a unit's policy and of a program, as questions and answers."""

from digital_painschool.decisions.example import example_settings, policy_data
from digital_painschool.decisions.statement import Line, statement
from digital_painschool.decisions.texts import DECIDED, Decision, decisions, set_texts

__all__ = ["DECIDED", "Decision", "Line", "decisions", "example_settings", "policy_data", "set_texts", "statement"]
