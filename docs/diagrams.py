"""Draw the diagrams that follow from the code, and check that they are in step.

    python docs/diagrams.py --write
    python docs/diagrams.py --check

The lifecycle and the digest are drawn from the tables of the rules, the folders from their imports.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import digital_painschool
from digital_painschool.domain.digest import Action
from digital_painschool.domain.enrolment import Phase
from digital_painschool.rules.digests import DECISIONS, Doubt
from digital_painschool.rules.transitions import TRANSITIONS

DOCS = Path(__file__).parent
SOURCE = Path(digital_painschool.__file__).parent

_PHASES = {phase: position for position, phase in enumerate(Phase)}
_BOX_WIDTH, _BOX_HEIGHT, _GAP, _LEFT, _LINE = 150, 52, 130, 120, 17


def lifecycle() -> str:
    """Draw the lifecycle: a box for each phase, an arrow with its steps for each transition."""
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
            # What leads back arrives beside the place where what leads on begins.
            beside = 40 if _PHASES[target] < _PHASES[source] else 0
            start, stop = _left(source) + _BOX_WIDTH / 2, to + _BOX_WIDTH / 2 + beside
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
"""The left edge of each box."""
_WIDE, _TOP = 226, 116


def digest() -> str:
    """Draw what becomes of a digest's batch: a box for each doubt, an arrow for each decision of the table."""
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
        _labels(today + half, 268, ["complete: delivered, dropped or undeliverable"]),
    ]
    parts += [
        f'<rect class="phase" x="{x}" y="{_TOP}" width="{_WIDE}" height="{_BOX_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{x + half}" y="{middle + 5}">{doubt.value}</text>'
        for doubt, x in _DOUBTS.items()
    ]
    label = "A digest and its batch"
    return _SVG.format(width=958, height=290, card_width=957, card_height=289, label=label, parts="\n".join(parts))


def _decided(doubt: Doubt) -> list[str]:
    """Return the decisions on a batch other than to wait."""
    decided = {action for (may, of, _), action in DECISIONS.items() if may and of is doubt}
    return [action.value for action in Action if action in decided - {Action.WAIT}]


def _left(phase: Phase) -> float:
    return _LEFT + _PHASES[phase] * (_BOX_WIDTH + _GAP)


def _arrow(path: str) -> str:
    return f'<path class="arrow" d="{path}"/>'


def _labels(x: float, y: float, steps: list[str]) -> str:
    return "".join(
        f'<text x="{x:g}" y="{y - _LINE * above:g}">{step}</text>' for above, step in enumerate(reversed(steps))
    )


_COLUMNS: Mapping[str, float] = {
    "pytest_plugin": 1.95,
    "cli": 1.05,
    "testing": 1.5,
    "bootstrap": 1.5,
    "adapters": 0.75,
    "delivery": 2.25,
    "programs": 0.15,
    "decisions": 3.25,
    "application": 2.25,
    "serialization": 0.5,
    "ports": 1.5,
    "rules": 2.5,
    "domain": 1.5,
    "labels": 1.5,
    "errors": 1.5,
    "codes": 1.5,
}
"""The horizontal position of each folder; its height follows from the imports."""
_COLUMN, _ROW, _FOLDER, _MARGIN = 190, 84, 150, 24


def folders() -> str:
    """Draw the folders: an arrow from each to those that it imports, unless one between them imports those anyway."""
    known = imports()
    level = {name: _level(name, known) for name in known}
    top = max(level.values())

    def left(name: str) -> float:
        return _MARGIN + _COLUMNS[name] * _COLUMN

    def upper(name: str) -> float:
        return _MARGIN + (top - level[name]) * _ROW

    parts = [
        _arrow(
            f"M{left(above) + _FOLDER / 2:g} {upper(above) + _BOX_HEIGHT:g} "
            f"L{left(below) + _FOLDER / 2:g} {upper(below) - 2:g}"
        )
        for above in sorted(known)
        for below in sorted(known[above])
        if not any(below in _reached(between, known) for between in known[above] - {below})
    ]
    parts += [
        f'<rect class="phase" x="{left(name):g}" y="{upper(name):g}" width="{_FOLDER}" height="{_BOX_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{left(name) + _FOLDER / 2:g}" y="{upper(name) + _BOX_HEIGHT / 2 + 5:g}">{name}</text>'
        for name in sorted(known)
    ]
    width = 2 * _MARGIN + max(map(_COLUMNS.__getitem__, known)) * _COLUMN + _FOLDER
    height = 2 * _MARGIN + top * _ROW + _BOX_HEIGHT
    label = "The folders of the package and what they import"
    return _SVG.format(
        width=width, height=height, card_width=width - 1, card_height=height - 1, label=label, parts="\n".join(parts)
    )


def imports() -> Mapping[str, frozenset[str]]:
    """Return for each folder, and each module beside them, the others that its code imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if name not in {"__init__", "__main__"}:
            tree = ast.parse(path.read_text("utf-8"))
            found[name] |= {target for node in ast.walk(tree) for target in _targets(node)} - {name}
    return {name: frozenset(targets) for name, targets in found.items()}


def _targets(node: ast.AST) -> Iterator[str]:
    """Yield the folders that an import statement names; a name of the package itself counts as that of its folder."""
    home: Mapping[str, str] = vars(digital_painschool)["_HOME"]
    match node:
        case ast.Import(names):
            modules = [alias.name for alias in names]
        case ast.ImportFrom(module="digital_painschool", names=names):
            modules = [f"digital_painschool.{home.get(alias.name, alias.name)}" for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            modules = [module]
        case _:
            modules = []
    for module in modules:
        package, _, within = module.partition(".")
        if package == "digital_painschool" and within:
            yield within.partition(".")[0]


def _reached(name: str, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return what a folder imports, directly or through others."""
    return known[name].union(*(_reached(below, known) for below in known[name]))


def _level(name: str, known: Mapping[str, frozenset[str]]) -> int:
    """Return how many folders lie one below the other beneath a folder."""
    return max((1 + _level(below, known) for below in known[name]), default=0)


DIAGRAMS: Mapping[Path, Callable[[], str]] = {
    DOCS / "reference" / "lifecycle.svg": lifecycle,
    DOCS / "reference" / "digest.svg": digest,
    DOCS / "folders.svg": folders,
}


def stale() -> list[Path]:
    """Return the diagrams that are not in step with the code."""
    return [path for path, draw in DIAGRAMS.items() if not path.exists() or path.read_text("utf-8") != draw()]


def main(arguments: list[str]) -> str | None:
    """Write or check the diagrams; return what is wrong."""
    if arguments == ["--write"]:
        for path, draw in DIAGRAMS.items():
            path.write_text(draw(), "utf-8")
        return None
    if arguments == ["--check"]:
        return "\n".join(f"{path}: run python docs/diagrams.py --write" for path in stale()) or None
    return __doc__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
