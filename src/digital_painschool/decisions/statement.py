"""What a unit has chosen, in plain words."""

from attrs import fields, frozen

from digital_painschool.decisions.texts import DECIDED, decisions
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.labels.lookup import Language


@frozen(kw_only=True)
class Line:
    """One decision of a clinic, as it stands.

    Args:
        title: The decision in a few words.
        sentence: What is decided.
        rules: The ids of the rules that the decision comes from.
        chosen: True when the decision differs from what it is compared with.
    """

    title: str
    sentence: str
    rules: tuple[str, ...]
    chosen: bool


def statement(
    decided: Policy | Program, language: Language | str = Language.SWEDISH, *, beside: Policy | Program | None = None
) -> tuple[Line, ...]:
    """Return every decision of a policy or a program in plain words.

    Args:
        decided: The policy, or the program.
        language: The language, or its code.
        beside: What is compared with; None: the defaults.
    """
    group = "policy" if isinstance(decided, Policy) else "program"
    texts = decisions(language)[group]
    return tuple(
        Line(
            title=texts[name].title,
            sentence=texts[name].sentence(getattr(decided, name)),
            rules=texts[name].rules,
            chosen=getattr(decided, name) not in _compared(decided, name, beside),
        )
        for name in DECIDED[group]
    )


def _compared(decided: Policy | Program, name: str, beside: Policy | Program | None) -> tuple[object, ...]:
    """Return the answers that are no choice of one's own."""
    if beside is not None:
        return (getattr(beside, name),)
    default = getattr(fields(type(decided)), name).default
    # A program that leaves `required` out has its reading order there.
    return (default, decided.reading_order) if isinstance(decided, Program) and name == "required" else (default,)
