"""A small program for tests: four modules, two forms, every kind of question, an alert and a score."""

from collections.abc import Mapping

from digital_painschool.domain.form import Choice, Date, Form, ManyChoices, Number, Option, Scale, Text
from digital_painschool.domain.program import Completion, EndReason, Module, Ordering, Page, Program

PAIN = "halsoskattning"
"""A form that modules 1 and 3 carry, with one question that can raise an alert."""
DAILY = "vardag"
"""A form that module 2 carries, with every kind of question and a score."""


def program(
    ordering: Ordering = Ordering.GUIDED,
    completion: Completion = Completion.DECLARED,
    *,
    key: str = "smartskola",
    version: str = "1",
) -> Program:
    """Return a small program: modules 1 to 3 in the reading order, 4 outside it; each has two pages."""
    carried: Mapping[int, tuple[str, ...]] = {1: (PAIN,), 2: (DAILY,), 3: (PAIN,)}
    return Program(
        key=key,
        version=version,
        title="Exempelprogram",
        example=True,
        ordering=ordering,
        completion=completion,
        reading_order=(1, 2, 3),
        modules=tuple(
            Module(
                number=n,
                title=f"Tema {n}",
                pages=(
                    Page(title="Sida", text=f"Text {n}", forms=carried.get(n, ())),
                    Page(title="Övning", text=f"Övning {n}"),
                ),
            )
            for n in (1, 2, 3, 4)
        ),
        forms=(
            Form(key=PAIN, title="Hälsoskattning", questions=(Scale(key="smarta", text="Hur ont?", alert_from=9),)),
            Form(
                key=DAILY,
                title="Vardagen",
                alert_from=6,
                questions=(
                    Choice(
                        key="hemma",
                        text="Hur går det hemma?",
                        options=(
                            Option(key="bra", text="Bra", score=0),
                            Option(key="svart", text="Svårt", score=3),
                            Option(key="ring", text="Ring mig", alert=True),
                        ),
                    ),
                    ManyChoices(
                        key="var",
                        text="Var?",
                        required=False,
                        options=(Option(key="rygg", text="Rygg", score=1), Option(key="axel", text="Axel", score=2)),
                    ),
                    Number(key="timmar", text="Sömn?", required=False, lowest=0, highest=24),
                    Number(
                        key="steg",
                        text="Trappor?",
                        required=False,
                        lowest=0,
                        highest=50,
                        whole=True,
                        scored=True,
                        alert_from=40,
                    ),
                    Text(key="fritext", text="Något mer?", required=False, longest=40),
                    Date(key="dag", text="När?", required=False),
                ),
            ),
        ),
        end_reasons=(EndReason(key="klar", title="Klar"), EndReason(key="avbruten", title="Avbruten")),
    )


PROGRAM = program()
SLEEP = program(key="somnskola")
"""Another program, so that one patient can have two enrolments at one unit."""
