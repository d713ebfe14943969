"""What a clinic decides: every value has its words, in each language, and a settings file says what was decided."""

import re
import tomllib
from pathlib import Path

import pytest
from attrs import evolve, fields
from hypothesis import given

from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.decisions import DECIDED, decisions, example_settings, policy_data, set_texts, statement
from digital_painschool.decisions.example import toml_value
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.policy_sets import GUIDED_YEAR, POLICY_SETS, WEEKLY_FEEDBACK
from digital_painschool.domain.program import Completion, EndReason, Ordering, Program
from digital_painschool.errors import ConfigurationError, InvalidProgram, InvalidValue
from digital_painschool.labels.lookup import Language
from digital_painschool.programs import bundled_program
from digital_painschool.testing.strategies import policies
from docs.tables import argument_rules
from tests.docs.test_docs import DOCS

EVERY_LANGUAGE = pytest.mark.parametrize("language", Language)
ALMOST_EVERYTHING = evolve(
    POLICY_SETS[WEEKLY_FEEDBACK],
    staff_flags=frozenset(),
    retry_minutes=(),
    end_reasons=(EndReason(key="klar", title="Klar"), EndReason(key="annan", title="Annan")),
    retention_years=1,
    retention_decision="RS 2026-1",
    export_before_purge=False,
)


@EVERY_LANGUAGE
@pytest.mark.parametrize(("group", "class_"), [("policy", Policy), ("program", Program)])
def test_every_value_is_explained_with_its_own_rules(
    group: str, class_: type[Policy | Program], language: Language
) -> None:
    """Otherwise a clinic would not be asked what it decides, or be told a wrong source."""
    texts = decisions(language)[group]
    assert [*DECIDED[group]] == [*texts]
    rules = argument_rules(class_)
    for name, decision in texts.items():
        assert decision.rules == rules[name], name
        assert all((decision.title, decision.asks, decision.others, decision.follows))
        assert decision.asks.endswith("?")


def test_what_is_no_decision_about_a_program_is_its_content() -> None:
    """Otherwise a value that is added to programs would never be shown to a clinic."""
    content = {"key", "version", "title", "modules", "forms", "example"}
    assert content == {a.name for a in fields(Program) if a.init} - {*DECIDED["program"]}


@EVERY_LANGUAGE
@given(policy=policies())
def test_every_answer_is_a_whole_sentence(language: Language, policy: Policy) -> None:
    """Otherwise the check of a settings file would show a hole where an answer belongs."""
    for name, line in zip(DECIDED["policy"], statement(policy, language), strict=True):
        assert line.sentence.endswith(".")
        typed = name in ("heading", "retention_decision", "end_reasons")  # a unit may write any sign
        assert typed or not re.search(r"[{}]|None|True|False|FlagKind", line.sentence)


@EVERY_LANGUAGE
def test_each_answer_of_a_program_has_its_own_sentence(language: Language) -> None:
    """Otherwise two ways to work would read the same."""
    program = bundled_program()
    texts = decisions(language)["program"]
    assert len(Ordering) == len({texts["ordering"].sentence(one) for one in Ordering})
    assert len(Completion) == len({texts["completion"].sentence(one) for one in Completion})
    assert {"reading_order", "end_reasons"} == _chosen(program)
    assert {"reading_order", "end_reasons", "ordering", "required"} == _chosen(
        evolve(program, ordering=Ordering.RELEASED, required=(1,))
    )


def _chosen(program: Program) -> set[str]:
    return {name for name, line in zip(DECIDED["program"], statement(program), strict=True) if line.chosen}


def test_a_statement_says_what_was_chosen_and_what_a_unit_has_otherwise() -> None:
    """Otherwise a clinic could not tell its own decisions from the defaults."""
    chosen = [line.sentence for line in statement(ALMOST_EVERYTHING, "en") if line.chosen]
    assert chosen == [
        "In every program the therapist opens each next module of the reading order.",
        "A patient is shown as due for review when the last one is more than 7 days ago.",
        "Therapists are notified of nothing; they see flags when they sign in.",
        "The reasons to end are: Klar and Annan.",
        "An enrolment that has ended may be purged 1 year after its last entry.",
        "The decision on purging is RS 2026-1.",
        "What was not exported can be purged.",
        "A notice that could not be sent is not tried again; the therapist gets a flag at once.",
    ]
    beside = statement(evolve(ALMOST_EVERYTHING, review_after_days=8), beside=ALMOST_EVERYTHING)
    assert [line.title for line in beside if line.chosen] == ["Genomgång av framsteg"]
    assert not any(line.chosen for line in statement(Policy()))


# --- the example file


@EVERY_LANGUAGE
@pytest.mark.parametrize("chosen", POLICY_SETS)
def test_an_example_file_is_the_policy_set_with_every_value_explained(
    chosen: str, language: Language, tmp_path: Path
) -> None:
    """Otherwise an operator would start from a file that says something else than the page."""
    file = tmp_path / "painschool.toml"
    text = example_settings(chosen, language)
    file.write_text(text, "utf-8")
    assert POLICY_SETS[chosen] == read_settings(file).policy
    # Every commented line can be uncommented, and decides nothing else but where the default is none.
    whole = re.sub(r"^# ([a-z_]+ = )", r"\1", text, flags=re.MULTILINE)
    assert [*tomllib.loads(whole)["policy"]] == [*DECIDED["policy"]]
    file.write_text(whole, "utf-8")
    none = {name: getattr(POLICY_SETS[chosen], name) for name in ("ordering", "end_reasons", "retention_decision")}
    assert POLICY_SETS[chosen] == evolve(read_settings(file).policy, **none)
    assert max(len(line) for line in text.splitlines() if line.startswith("#")) <= 100


@given(policy=policies())
def test_a_value_written_as_toml_is_read_as_it_was(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Otherwise an example would decide otherwise than it says."""
    file = tmp_path_factory.mktemp("policy") / "painschool.toml"
    values = {name: getattr(policy, name) for name in DECIDED["policy"]}
    lines = [f"{name} = {toml_value(value)}" for name, value in values.items() if value is not None]
    file.write_text("\n".join(("[policy]", *lines)), "utf-8")
    assert policy == read_settings(file).policy


# --- policy sets


@EVERY_LANGUAGE
def test_every_policy_set_has_its_words(language: Language) -> None:
    """Otherwise a clinic would choose between keys."""
    assert [*POLICY_SETS] == [*set_texts(language)]


def test_a_settings_file_begins_at_its_policy_set_and_a_unit_at_its_own(tmp_path: Path) -> None:
    """Otherwise a unit that works otherwise would have to copy every value."""
    file = tmp_path / "painschool.toml"
    file.write_text(
        'policy_set = "weekly-feedback"\npolicy = { review_after_days = 10, heading = "Hej" }\n'
        '[units."SE2321000131-E000000000001"]\npolicy = { message_limit = 100 }\n'
        '[units."SE2321000131-E000000000002"]\npolicy_set = "digitala-smartskolan"\npolicy = { message_limit = 100 }\n'
        '[units."SE2321000131-E000000000003"]\npolicy_set = "weekly-feedback"\n',
        "utf-8",
    )
    settings = read_settings(file)
    weekly = POLICY_SETS[WEEKLY_FEEDBACK]
    own = evolve(weekly, review_after_days=10, heading="Hej")
    assert own == settings.policy
    assert [evolve(own, message_limit=100), Policy(message_limit=100), weekly] == [
        unit.policy for unit in settings.units.values()
    ]
    assert {} == policy_data(GUIDED_YEAR)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'policy_set = "x"',
            "policy_set: there is no such policy set; choose one of digitala-smartskolan, weekly",
        ),
        (
            '[units."SE2321000131-E000000000001"]\npolicy_set = ""',
            "E000000000001.policy_set: there is",
        ),
        ("policy_set = 1", "policy_set"),
        ('policy_set = "weekly-feedback"\npolicy = 1', "policy"),
        ('[policy]\nordering = "loose"', r"policy\.ordering"),
    ],
)
def test_a_wrong_set_is_named_with_what_there_is(text: str, says: str, tmp_path: Path) -> None:
    """Otherwise a slip in a key would silently give the defaults."""
    file = tmp_path / "painschool.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=says):
        read_settings(file)


def test_there_are_no_texts_in_another_language() -> None:
    """Otherwise a portal would show a page in the wrong language."""
    with pytest.raises(InvalidValue, match="no labels in that language"):
        decisions("fi")


# --- the ordering as a unit's decision


@pytest.mark.rule("D-04a", "D-05c")
def test_another_ordering_is_another_version() -> None:
    """Otherwise who has started in one ordering would find modules closed that were open."""
    program = bundled_program()
    assert program is program.ordered(None)
    assert program is program.ordered(Ordering.GUIDED)
    released = program.ordered(Ordering.RELEASED)
    assert (Ordering.RELEASED, "1-released") == (released.ordering, released.version)
    assert evolve(released, ordering=program.ordering, version=program.version) == program
    unordered = evolve(program, reading_order=(), required=(1,))
    with pytest.raises(InvalidProgram, match="ordering 'released' needs one"):
        unordered.ordered(Ordering.RELEASED)


def test_the_pages_are_the_same_page_in_two_languages() -> None:
    """Otherwise a clinic's head would read less than another."""
    pages = [(DOCS / name).read_text("utf-8") for name in ("decisions.md", "decisions-sv.md")]
    shape = [re.findall(r"^(#+|\*\*|\* |<!-- \w+)", page, re.MULTILINE) for page in pages]
    assert shape[0] == shape[1]
    assert len(DECIDED["policy"]) + len(DECIDED["program"]) == shape[0].count("###")
