"""Write the tables and the diagram that follow from the code into the pages, and check that they are in step.

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
from inspect import cleandoc
from pathlib import Path

import attrs

from digital_painschool import errors
from digital_painschool.bootstrap.plugins import installed
from digital_painschool.domain.digest import Action
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import Role
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.rules.access import ACCESS
from digital_painschool.rules.digests import DECISIONS, Doubt
from digital_painschool.rules.lifecycle import TRANSITIONS
from digital_painschool.rules.permissions import PATIENT, STAFF, SYSTEM, Scope
from digital_painschool.rules.permissions import Action as Permission
from digital_painschool.serialization.events import EVENT_KINDS

DOCS = Path(__file__).parent
SOURCE = DOCS.parent / "src" / "digital_painschool"
DIAGRAM = DOCS / "reference" / "lifecycle.svg"
DIGEST_DIAGRAM = DOCS / "reference" / "digest.svg"

_TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
_RULE = re.compile(r"\b[MD]-\d\d[a-z]?\b")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    columns = tuple(head)
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def access_table() -> str:
    """The truth table of what a patient may do."""
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
    """Who may do what."""
    scope = {Scope.OWN: "own", Scope.UNIT: "unit"}
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
    """The errors, parents first."""
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
    """The reasons of refusals, with the facts that come with each."""
    facts = _facts()
    return table(
        ("code", "facts", "English advice"),
        ((f"`{r.value}`", ", ".join(f"`{f}`" for f in sorted(facts[r.name])), r.advice) for r in errors.Reason),
    )


def events_table() -> str:
    """The events by kind."""
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
    """What a unit can decide, with defaults."""
    return _values_table(Policy)


def program_table() -> str:
    """What a program decides, with defaults."""
    return _values_table(Program)


def templates_table() -> str:
    """The fixed texts of notifications."""
    return table(
        ("template", "goes to", "text"),
        ((f"`{t.value}`", "patient" if t is Template.MESSAGE_TO_READ else "staff", t.text) for t in Template),
    )


def offers_table() -> str:
    """The adapters that come with the package."""
    names: dict[str, list[str]] = defaultdict(list)
    for one in installed():
        if one.plugin == "digital_painschool":
            names[one.kind].append(f"`{one.factory.name}`")
    return table(("kind", "names"), ((kind, ", ".join(offered)) for kind, offered in names.items()))


def transitions_table() -> str:
    """The lifecycle as rows."""
    return table(
        ("step", "from", "to"),
        ((f"`{t.command}`", "nothing" if t.source is None else t.source.name, t.target.name) for t in TRANSITIONS),
    )


def digests_table() -> str:
    """What a worker does with a digest, in each situation."""
    return table(
        ("may be told", "batch", "something is due", "the worker", "which means"),
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
    "offers": offers_table,
    "transitions": transitions_table,
}

_PHASES = {phase: place for place, phase in enumerate(Phase)}
_BOX_WIDTH, _BOX_HEIGHT, _GAP, _LEFT, _LINE = 150, 52, 130, 120, 17


def diagram() -> str:
    """The lifecycle as a picture: a box a phase, an arrow with its steps from each to each."""
    arrows: dict[tuple[Phase | None, Phase], list[str]] = defaultdict(list)
    for transition in TRANSITIONS:
        arrows[transition.source, transition.target].append(transition.command)
    loops = max((len(steps) for (source, target), steps in arrows.items() if source is target), default=0)
    top = 64 + loops * _LINE
    middle = top + _BOX_HEIGHT / 2
    width = _LEFT + len(_PHASES) * (_BOX_WIDTH + _GAP) - _GAP + 40
    parts = [f'<circle class="start" cx="34" cy="{middle:g}" r="8"/>']
    deepest = top + _BOX_HEIGHT
    for (source, target), steps in arrows.items():
        to = _left(target)
        if source is None:
            parts += [_arrow(f"M42 {middle:g} H{to - 2:g}"), _labels((42 + to) / 2, middle - 8, steps)]
        elif source is target:
            x = to + _BOX_WIDTH / 2
            parts += [
                _arrow(f"M{x - 26:g} {top:g} C{x - 46:g} {top - 44:g} {x + 46:g} {top - 44:g} {x + 26:g} {top - 2:g}"),
                _labels(x, top - 40, steps),
            ]
        elif _PHASES[target] == _PHASES[source] + 1:
            start = _left(source) + _BOX_WIDTH
            parts += [_arrow(f"M{start:g} {middle:g} H{to - 2:g}"), _labels((start + to) / 2, middle - 8, steps)]
        else:
            start, stop = _left(source) + _BOX_WIDTH / 2, to + _BOX_WIDTH / 2
            bottom = top + _BOX_HEIGHT
            depth = bottom + 30 * abs(_PHASES[target] - _PHASES[source])
            deepest = max(deepest, depth)
            parts += [
                _arrow(f"M{start:g} {bottom:g} C{start:g} {depth:g} {stop:g} {depth:g} {stop:g} {bottom + 2:g}"),
                _labels((start + stop) / 2, bottom + 0.75 * (depth - bottom) - 8, steps),
            ]
    for phase in _PHASES:
        x = _left(phase)
        parts.append(
            f'<rect class="phase" x="{x:g}" y="{top:g}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="8"/>'
            f'<text class="name" x="{x + _BOX_WIDTH / 2:g}" y="{middle + 5:g}">{phase.name}</text>'
        )
    height = deepest + 24
    return _SVG.format(
        width=width,
        height=height,
        card_width=width - 1,
        card_height=height - 1,
        label="The lifecycle of an enrolment",
        parts="\n".join(parts),
    )


_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" \
role="img" aria-label="{label}">
<style>
text {{ font: 13px system-ui, sans-serif; text-anchor: middle; fill: #333 }}
.name {{ font-weight: 600; font-size: 15px }}
.phase {{ fill: #eef4fb; stroke: #2a5b8c; stroke-width: 1.5 }}
.start {{ fill: #2a5b8c }}
.arrow {{ fill: none; stroke: #555; stroke-width: 1.3; marker-end: url(#head) }}
.card {{ fill: #fff; stroke: #ddd }}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>
<rect class="card" x="0.5" y="0.5" width="{card_width:g}" height="{card_height:g}" rx="6"/>
{parts}
</svg>
"""


_DOUBTS: Mapping[Doubt, int] = {Doubt.NONE: 30, Doubt.TODAY: 366, Doubt.EARLIER: 702}
"""Where the box of each begins."""
_WIDE, _TOP = 226, 116


def digest_diagram() -> str:
    """What becomes of a digest's batch: a box for each doubt, an arrow for each decision of the table."""
    half, middle, bottom = _WIDE // 2, _TOP + _BOX_HEIGHT // 2, _TOP + _BOX_HEIGHT
    none, today, earlier = _DOUBTS.values()
    parts = [
        _arrow(f"M{none + _WIDE} {middle} H{today - 2}"),
        _labels((none + _WIDE + today) / 2, middle - 8, _decided(Doubt.NONE)),
        _arrow(f"M{today + 60} {_TOP} C{today + 40} 72 {today + 120} 72 {today + 100} {_TOP - 2}"),
        _labels(today + 80, 76, _decided(Doubt.TODAY)),
        _arrow(f"M{today + _WIDE} {middle} H{earlier - 2}"),
        _labels((today + _WIDE + earlier) / 2, middle - 8, ["midnight"]),
        _arrow(f"M{earlier + half} {_TOP} C{earlier + half} 34 {today + 160} 34 {today + 150} {_TOP - 2}"),
        _labels((today + earlier) / 2 + half, 46, _decided(Doubt.EARLIER)),
        *(
            _arrow(f"M{x + half} {bottom} C{x + half} {depth} {none + half} {depth} {none + half} {bottom + 2}")
            for x, depth in ((today, 226), (earlier, 268))
        ),
        _labels(today + half, 268, ["complete: told, dropped or given up"]),
    ]
    parts += [
        f'<rect class="phase" x="{x}" y="{_TOP}" width="{_WIDE}" height="{_BOX_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{x + half}" y="{middle + 5}">{doubt.value}</text>'
        for doubt, x in _DOUBTS.items()
    ]
    label = "A digest and its batch"
    return _SVG.format(width=958, height=290, card_width=957, card_height=289, label=label, parts="\n".join(parts))


def _decided(doubt: Doubt) -> list[str]:
    """Return what a worker can decide on a batch, but for waiting."""
    decided = {action for (may, of, _), action in DECISIONS.items() if may and of is doubt}
    return [action.value for action in Action if action in decided - {Action.WAIT}]


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that holds a table, and what it should be."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text("utf-8")
        fresh = _TABLE.sub(lambda match: f"{match[1]}\n{TABLES[match[2]]()}\n{match[3]}", text)
        if _TABLE.search(text):
            yield path, fresh
    yield DIAGRAM, diagram()
    yield DIGEST_DIAGRAM, digest_diagram()


def stale() -> list[Path]:
    """Return the pages that are not in step with the code."""
    return [path for path, fresh in pages() if not path.exists() or path.read_text("utf-8") != fresh]


def _left(phase: Phase) -> float:
    return _LEFT + _PHASES[phase] * (_BOX_WIDTH + _GAP)


def _arrow(path: str) -> str:
    return f'<path class="arrow" d="{path}"/>'


def _labels(x: float, y: float, steps: list[str]) -> str:
    return "".join(
        f'<text x="{x:g}" y="{y - _LINE * above:g}">{step}</text>' for above, step in enumerate(reversed(steps))
    )


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


def _arguments(class_: type) -> dict[str, str]:
    """Read the `Args:` of a docstring."""
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
    """Write or check; gives what is wrong."""
    if arguments == ["--write"]:
        for path, fresh in pages():
            path.write_text(fresh, "utf-8")
        return None
    if arguments == ["--check"]:
        return "\n".join(f"{path}: run python docs/tables.py --write" for path in stale()) or None
    return __doc__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
