"""The English of the code: how a docstring begins, and the words that have given way to the field's terms."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

import digital_painschool

SOURCE = Path(digital_painschool.__file__).parent
FROZEN = "adapters/sql/migrations/versions"
"""Released migrations keep the names of the columns that they were written for."""
FILES = sorted(SOURCE.rglob("*.py"))
"""The files of the package, the proof kit among them."""

VERBS = tuple(
    # Sorted, and each is used. Give, Tell, Say, Let, Do, Be, Look, Take and Keep are not among them: name the action.
    "Acquire Add Allow Answer Approve Assert Begin Bring Cache Call Cancel Carry Change Check Claim Close "  # noqa: SIM905
    "Commit Complete Cut Delete Deliver Describe Draw Drop End Execute Export Flush Fold Generate Hand Insert Kill "
    "Lift List Lock Log Maintain Make Mark Move Name Note Notify Open Plan Play Preview Print Purge Read "
    "Receive Record Refuse Release Remove Rename Report Resolve Return Roll Run Save Send Settle Show Simulate "
    "Skip Start Store Tabulate Tick Wait Withdraw Write Yield".split()
)
"""The imperatives with which the docstring of a function begins."""

_REASON = "Otherwise"
"""The beginning of a test's docstring: what would be wrong without the test."""

NOT_A_NOUN = frozenset(
    "Give Gives Has How It Let Lets Say Says Tell Tells That There They This Those What When Where Which Who Whoever "  # noqa: SIM905
    "Why Asks Compares Executes Keeps Looks Makes Reads Runs Saves Sends Stands Takes Tries Writes".split()
)
"""Words with which no noun phrase begins: the docstring of a class or a property names the thing instead."""

IDENTIFIERS: Mapping[str, str] = MappingProxyType(
    {
        "AdministratorOffice": "AdministratorDesk",
        "Cause": "TriggeringEntry",
        "Chosen": "AdapterConfig",
        "Claimed": "Claim",
        "DeliveryFailed": "DeliveryError",
        "Offer": "AdapterFactory",
        "PainschoolError": "PainSchoolError",
        "Party": "Author",
        "PatientRoom": "PatientDesk",
        "Reach": "Reachability",
        "RuleBroken": "RuleViolation",
        "StorageFailed": "StorageError",
        "Tally": "CaseloadCounts",
        "WiringError": "ConfigurationError",
        "asked_for": "notifications_for",
        "droppable": "cancellable",
        "give_up": "mark_undeliverable",
        "handing_over": "dispatch",
        "held_until": "the lease's end, by its own name",
        "holds_number": "contains_identity_number",
        "is_hopeless": "attempts_exhausted",
        "is_moot": "is_obsolete",
        "kept_answers": "normalise_answers",
        "may_go_at": "earliest_send_at",
        "next_run": "next_digest_at",
        "of_person": "find_by_person",
        "only_one": "advisory_lock",
        "purge_again": "replay_purge",
        "raised_by": "flags_raised_by",
        "told_at": "told_on",
        "try_again_at": "next_retry_at",
        "uncompleted_before": "incomplete_predecessors",
        "wipe": "scrub_free_pages",
    }
)
"""Names that are gone, each with the name that the field gives to the thing."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "border": "boundary, or validation",
        "filling-in": "submission",
        "fillings-in": "submissions",
        "hopeless": "attempts exhausted",
        "how many-eth": "ordinal",
        "lane": "digest",
        "moot": "obsolete",
        "torn": "damaged, or incomplete",
        "window": "forenoon, or interval",
    }
)
"""Words that are gone, as a name and in prose, each with what to say instead."""


def beginnings(text: str, name: str) -> Iterator[str]:
    """Yield the docstrings of a module that begin with a wrong word."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        docstring = ast.get_docstring(node)
        if docstring is None or (name.startswith("testing/") and docstring.startswith(_REASON)):
            continue
        first = docstring.split()[0].rstrip(",:;.")
        where = f"{name}:{node.lineno} {node.name}: {first!r}"
        if is_thing(node):
            if first in VERBS or first in NOT_A_NOUN:
                yield f"{where} begins no noun phrase; name the thing"
        elif first not in VERBS:
            yield f"{where} is none of the verbs; say Return, Yield, Raise or another of VERBS"


def is_thing(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a docstring describes a thing and no action: a class, a property or a fixture."""
    if isinstance(node, ast.ClassDef):
        return True
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    return any("property" in decorator or "fixture" in decorator for decorator in decorators)


def gone(text: str, name: str) -> Iterator[str]:
    """Yield the names and the words of a module that have given way to others."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line = token.start[0]
        if token.type == tokenize.NAME:
            instead = IDENTIFIERS.get(token.string) or WORDS.get(token.string)
            if instead:
                yield f"{name}:{line}: the name {token.string!r}; say {instead}"
        elif token.type == tokenize.COMMENT:
            yield from _in_prose(token.string, name, line)
    for node in ast.walk(ast.parse(text)):
        # A docstring, of a module, a class, a function or a constant: a text that stands alone.
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(prose := node.value.value, str)
        ):
            yield from _in_prose(prose, name, node.lineno)


def _in_prose(prose: str, name: str, line: int) -> Iterator[str]:
    flat = " ".join(prose.split())
    for word, instead in WORDS.items():
        if re.search(rf"(?<![\w-]){word}s?(?![\w-])", flat, re.IGNORECASE):
            yield f"{name}:{line}: the word {word!r}; say {instead}"
    for old, instead in IDENTIFIERS.items():
        if re.search(rf"`{old}\b", flat):
            yield f"{name}:{line}: the name {old!r}; say {instead}"


def named(path: Path) -> str:
    """Return the name of a file within the package."""
    return path.relative_to(SOURCE).as_posix()


def test_a_docstring_says_what_a_function_does_and_what_a_thing_is() -> None:
    """A docstring that begins with Give, Tell or Let would otherwise keep a language of its own."""
    found = [finding for path in FILES for finding in beginnings(path.read_text("utf-8"), named(path))]
    assert not found, "\n".join(found)


def test_the_words_that_went_stay_away() -> None:
    """Otherwise a thing would have two names again, the field's and our own."""
    files = [path for path in FILES if not named(path).startswith(FROZEN)]
    found = [finding for path in files for finding in gone(path.read_text("utf-8"), named(path))]
    assert not found, "\n".join(found)


def test_the_verbs_are_sorted_and_used() -> None:
    """Otherwise the list would come to allow whatever anybody once wrote."""
    texts = "\n".join(path.read_text("utf-8") for path in FILES)
    assert sorted(set(VERBS)) == list(VERBS)
    assert [] == [verb for verb in VERBS if not re.search(rf'"""{verb}\b', texts)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('def f():\n    """Give the number."""\n', "'Give' is none of the verbs"),
        ('def f():\n    """Tells whether it is so."""\n', "'Tells' is none of the verbs"),
        ('class A:\n    def f(self):\n        """The number."""\n', "'The' is none of the verbs"),
        (
            'class A:\n    @property\n    def f(self):\n        """Return the number."""\n',
            "'Return' begins no noun phrase",
        ),
        ('class A:\n    """What waits."""\n', "'What' begins no noun phrase"),
        ('def test_f():\n    """Otherwise it would fail."""\n', "'Otherwise' is none of the verbs"),
        ("class RuleBroken(Exception): ...\n", "the name 'RuleBroken'; say RuleViolation"),
        ('X = 1\n"""The how\nmany-eth it is."""\n', "the word 'how many-eth'; say ordinal"),
        ('"""Each filling-in of a form."""\n', "the word 'filling-in'; say submission"),
        ('"""Raises `WiringError`."""\n', "the name 'WiringError'; say ConfigurationError"),
        ("x = 1  # two lanes\n", "the word 'lane'; say digest"),
    ],
)
def test_what_is_wrong_is_found(text: str, says: str) -> None:
    """Otherwise the tests above would pass whatever the code says."""
    (finding,) = [*beginnings(text, "rules/example.py"), *gone(text, "rules/example.py")]
    assert says in finding


@pytest.mark.parametrize(
    "text",
    [
        'class A:\n    """A digest."""\n\n    @property\n    def f(self):\n        """The number."""\n',
        'panel(border_style="frame", slots=False)\n',
    ],
)
def test_what_is_right_is_left_alone(text: str) -> None:
    """Otherwise the library's own keywords and ordinary sentences would have to be written around."""
    assert [] == [*beginnings(text, "rules/example.py"), *gone(text, "rules/example.py")]
