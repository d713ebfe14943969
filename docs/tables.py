"""Write the tables that follow from the code into the pages, and check that they are in step.

    python docs/tables.py --write
    python docs/tables.py --check

A table stands in a page between `<!-- table: NAME -->` and `<!-- end of table -->`.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import partial
from inspect import cleandoc
from pathlib import Path

import attrs

from digital_painschool import errors
from digital_painschool.adapters.ldap_directory.problems import Problem
from digital_painschool.bootstrap.plugins import installed
from digital_painschool.decisions import decisions, set_texts, statement
from digital_painschool.domain.digest import Action
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import Role
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.policy_sets import POLICY_SETS
from digital_painschool.domain.program import Program
from digital_painschool.labels.lookup import LABELS, Language
from digital_painschool.rules.access import ACCESS
from digital_painschool.rules.digests import DECISIONS
from digital_painschool.rules.permissions import PATIENT, STAFF, SYSTEM, Scope
from digital_painschool.rules.permissions import Action as Permission
from digital_painschool.rules.transitions import TRANSITIONS
from digital_painschool.serialization.events import EVENT_KINDS

DOCS = Path(__file__).parent
SOURCE = DOCS.parent / "src" / "digital_painschool"

_TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
_RULE = re.compile(r"\b[MD]-\d\d[a-z]?\b")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    columns = tuple(head)
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def access_table() -> str:
    """Return the truth table of what a patient may do."""
    return table(
        ("phase", "time", "read modules", "fill in forms", "write messages", "read messages"),
        (
            (
                phase.name,
                "before `access_until`" if before else "from `access_until` on",
                access.read_modules.value,
                *(_yes(may) for may in (access.fill_in_forms, access.write_messages, access.read_messages)),
            )
            for phase in Phase
            for before in (True, False)
            for access in (ACCESS[phase, before],)
        ),
    )


def permissions_table() -> str:
    """Return who may do what."""
    scope = {Scope.OWN: "own", Scope.STARTED: "started", Scope.UNIT: "unit"}
    return table(
        ("action", *(role.value.replace("-", " ") for role in Role), "patient", "worker"),
        (
            (
                f"`{action.value}`",
                *(scope[STAFF[action][role]] if role in STAFF.get(action, {}) else "" for role in Role),
                "own" if action in PATIENT else "",
                "all" if action in SYSTEM else "",
            )
            for action in Permission
        ),
    )


def errors_table() -> str:
    """Return the errors, parents first."""
    classes = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.PainSchoolError) and one.__module__ == errors.__name__
    ]
    return table(
        ("error", "is also a", "what it means"),
        ((f"`{one.__name__}`", f"`{one.__bases__[0].__name__}`", _first_sentence(one)) for one in classes),
    )


def reasons_table() -> str:
    """Return the reasons of refusals, with the facts that come with each."""
    facts = _facts()
    return table(
        ("code", "facts", "English advice"),
        ((f"`{r.value}`", ", ".join(f"`{f}`" for f in sorted(facts[r.name])), r.advice) for r in errors.Reason),
    )


def events_table() -> str:
    """Return the events by kind."""
    return table(
        ("kind", "event", "what happened", "facts", "rules"),
        (
            (
                f"`{kind}`",
                f"`{event.__name__}`",
                _first_sentence(event),
                ", ".join(f"`{a.name}`" for a in attrs.fields(event) if a.name not in ("at", "by")) or "none",
                _rules(event.__doc__),
            )
            for kind, event in EVENT_KINDS.items()
        ),
    )


def policy_table() -> str:
    """Return what a unit can decide, with defaults."""
    return _values_table(Policy)


def decisions_pages(language: Language) -> str:
    """Return every decision of a clinic, each as a section, in a language."""
    words = _DECIDED_WORDS[language]
    found = []
    for group, heading, default in (("policy", words["unit"], Policy()), ("program", words["program"], None)):
        found.append(f"## {heading}\n")
        for name, decision in decisions(language)[group].items():
            value = getattr(default, name, None) if default else attrs.fields_dict(Program)[name].default
            says = words["none"] if value is attrs.NOTHING else decision.sentence(value)
            sources = ", ".join(f"[{rule}](rules.md#{rule.lower()})" for rule in decision.rules)
            asked = words["M"] if any(rule.startswith("M") for rule in decision.rules) else words["D"]
            found.append(
                f"### {decision.title}\n\n"
                f"**{decision.asks}**\n\n"
                f"* {words['default']}: {says}\n"
                f"* {words['others']}: {decision.others}\n"
                f"* {words['follows']}: {decision.follows}\n"
                f"* {words['source']}: {asked} ({sources}). {words['key']}: `{name}`.\n"
            )
    return "\n".join(found)


def policy_sets_table(language: Language) -> str:
    """Return the policy sets that are shipped, with what each decides otherwise than the defaults."""
    words = _DECIDED_WORDS[language]
    return table(
        (words["set"], words["meaning"], words["differs"]),
        (
            (
                f"{texts['title']} (`{key}`)",
                texts["says"],
                " ".join(line.sentence for line in statement(POLICY_SETS[key], language) if line.chosen) or "-",
            )
            for key, texts in set_texts(language).items()
        ),
    )


_DECIDED_WORDS = {
    Language.ENGLISH: {
        "unit": "What a unit decides",
        "program": "What is decided about a program",
        "default": "As it comes",
        "none": "there is none; the program's file says it.",
        "others": "What else is possible",
        "follows": "What follows",
        "source": "Source",
        "M": "the manual asks for it",
        "D": "the manual leaves it open",
        "key": "In the settings",
        "set": "policy set",
        "meaning": "what it is",
        "differs": "what it decides otherwise",
    },
    Language.SWEDISH: {
        "unit": "Vad en enhet bestämmer",
        "program": "Vad som bestäms om ett moment",
        "default": "Grundinställning",
        "none": "finns inte; det står i momentets fil.",
        "others": "Vad mer som är möjligt",
        "follows": "Vad som följer",
        "source": "Källa",
        "M": "manualen säger det",
        "D": "manualen lämnar det öppet",
        "key": "I inställningarna",
        "set": "uppsättning",
        "meaning": "vad den är",
        "differs": "vad den bestämmer på annat sätt",
    },
}


def program_table() -> str:
    """Return what a program decides, with defaults."""
    return _values_table(Program)


def templates_table() -> str:
    """Return the fixed texts of notifications."""
    return table(
        ("template", "goes to", "text"),
        ((f"`{t.value}`", "patient" if t is Template.MESSAGE_TO_READ else "staff", t.text) for t in Template),
    )


def labels_table() -> str:
    """Return the labels in each language, a table for each kind of value."""
    swedish, *others = (LABELS[language] for language in Language)
    return "\n".join(
        f"### {group}\n\n"
        + table(
            ("name", *(language.name.capitalize() for language in Language)),
            (
                (f"`{name}`", *(words[group][name].replace("|", " \\| ") for words in (swedish, *others)))
                for name in labels
            ),
        )
        for group, labels in swedish.items()
    )


def adapters_table() -> str:
    """Return the adapters that come with the package, by kind."""
    names: dict[str, list[str]] = defaultdict(list)
    for one in installed():
        if one.plugin == "digital_painschool":
            names[one.kind].append(f"`{one.factory.name}`")
    return table(("kind", "names"), ((kind, ", ".join(listed)) for kind, listed in names.items()))


def ldap_problems_table() -> str:
    """Return the problems of an LDAP directory."""
    return table(("`staff directory by LDAP: …`",), ((problem.value,) for problem in Problem))


def transitions_table() -> str:
    """Return the lifecycle as rows."""
    return table(
        ("step", "from", "to"),
        ((f"`{t.command}`", "nothing" if t.source is None else t.source.name, t.target.name) for t in TRANSITIONS),
    )


def digests_table() -> str:
    """Return what a worker does with a digest, in each situation."""
    return table(
        ("may be notified", "batch", "something is due", "the worker", "which means"),
        (
            (_yes(may), doubt.value, _yes(due), f"`{action.value}`", _MEANS[action])
            for (may, doubt, due), action in DECISIONS.items()
        ),
    )


_MEANS = {
    Action.WAIT: "leave the digest for a later run",
    Action.REPEAT: "the same batch again, under its key",
    Action.SEND: "a new batch under a new key: what is due, and the batch in doubt if there is one",
}

TABLES: Mapping[str, Callable[[], str]] = {
    "digests": digests_table,
    "access": access_table,
    "permissions": permissions_table,
    "errors": errors_table,
    "reasons": reasons_table,
    "events": events_table,
    "policy": policy_table,
    "program": program_table,
    "templates": templates_table,
    "decisions-en": partial(decisions_pages, Language.ENGLISH),
    "decisions-sv": partial(decisions_pages, Language.SWEDISH),
    "policy-sets-en": partial(policy_sets_table, Language.ENGLISH),
    "policy-sets-sv": partial(policy_sets_table, Language.SWEDISH),
    "labels": labels_table,
    "adapters": adapters_table,
    "ldap-problems": ldap_problems_table,
    "transitions": transitions_table,
}


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that holds a table, and its text as it should be."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text("utf-8")
        fresh = _TABLE.sub(lambda match: f"{match[1]}\n{TABLES[match[2]]()}\n{match[3]}", text)
        if _TABLE.search(text):
            yield path, fresh


def stale() -> list[Path]:
    """Return the pages that are not in step with the code."""
    return [path for path, fresh in pages() if not path.exists() or path.read_text("utf-8") != fresh]


def _values_table(class_: type[attrs.AttrsInstance]) -> str:
    meanings = _arguments(class_)
    return table(
        ("value", "default", "what it decides", "rules"),
        (
            (
                f"`{a.name}`",
                "none" if a.default is attrs.NOTHING else f"`{_shown(a.default)}`",
                _without_rules(meanings[a.name]),
                _rules(meanings[a.name]),
            )
            for a in attrs.fields(class_)
            if a.init
        ),
    )


def argument_rules(class_: type) -> dict[str, tuple[str, ...]]:
    """Return the ids of the rules that the `Args:` of a docstring name, by argument."""
    return {name: tuple(_RULE.findall(text)) for name, text in _arguments(class_).items()}


def _arguments(class_: type) -> dict[str, str]:
    """Return the `Args:` of a docstring."""
    found: dict[str, str] = {}
    name = ""
    for line in cleandoc(class_.__doc__ or "").partition("Args:\n")[2].splitlines():
        if not line.startswith("    "):
            break
        if match := re.match(r"    (\w+): (.*)", line):
            name = match[1]
            found[name] = match[2]
        else:
            found[name] += f" {line.strip()}"
    return found


def _shown(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (frozenset, tuple)):
        return f"({', '.join(_shown(one) for one in value)})"
    return str(value)


def _first_sentence(class_: type) -> str:
    first = " ".join(cleandoc(class_.__doc__ or "").partition("\n\n")[0].split())
    return _without_rules(re.split(r"\. (?=[A-Z])|\.$", first)[0])


def _without_rules(text: str) -> str:
    return re.sub(r" \(([MD]-\d\d[a-z]?(, | to )?)+\)", "", text).rstrip(".")


def _rules(text: str | None) -> str:
    return ", ".join(f"[{rule}](../rules.md#{rule.lower()})" for rule in dict.fromkeys(_RULE.findall(text or "")))


def _yes(may: bool) -> str:  # noqa: FBT001 - a cell of a truth table
    return "yes" if may else "no"


def _facts() -> Mapping[str, set[str]]:
    facts: Mapping[str, set[str]] = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name("RuleViolation"),
                    args=[_, ast.Attribute(ast.Name("Reason"), reason)],
                    keywords=keywords,
                ):
                    facts[reason] |= {keyword.arg for keyword in keywords if keyword.arg is not None}
    return facts


def main(arguments: list[str]) -> str | None:
    """Write or check the tables; return what is wrong."""
    if arguments == ["--write"]:
        for path, fresh in pages():
            path.write_text(fresh, "utf-8")
        return None
    if arguments == ["--check"]:
        return "\n".join(f"{path}: run python docs/tables.py --write" for path in stale()) or None
    return __doc__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
