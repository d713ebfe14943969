"""What a run came to, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from proofs.chaos.calls import EVERYTHING
from proofs.chaos.evidence import Evidence
from proofs.chaos.setting import Setting

_UNANSWERED = "no answer"
_SHOWN = 40


@frozen(kw_only=True)
class Report:
    """A run, its figures and its findings.

    Args:
        setting: What was run.
        evidence: What was found in the database and the journals.
        figures: Kills, cuts and lives.
        findings: What is wrong; nothing, when the evidence is exact.
    """

    setting: Setting
    evidence: Evidence
    figures: Mapping[str, int]
    findings: tuple[str, ...]

    @property
    def calls(self) -> Counter[str]:
        """The desk calls by what was answered."""
        return Counter(one.answer or _UNANSWERED for one in self.evidence.noted if one.kind == "web")

    @property
    def repeated(self) -> Counter[str]:
        """The calls that were made again under their key, by what the first was answered."""
        first: dict[str, str] = {}
        again: Counter[str] = Counter()
        for one in self.evidence.noted:
            if (key := one.facts.get("once")) is not None:
                again.update([first[key]] if key in first else [])
                first.setdefault(key, one.answer or _UNANSWERED)
        return again

    @property
    def passes(self) -> Counter[str]:
        """The passes in the chaos by what was answered."""
        return self._delivering("pass")

    @property
    def statuses(self) -> Counter[str]:
        """The notifications by what has become of them."""
        return Counter(row["status"] for row in self.evidence.notifications.values())

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        setting, evidence, figures = self.setting, self.evidence, self.figures
        days = setting.seconds * setting.speed.total_seconds() / 86_400
        yield (
            f"{setting.seconds:.0f} seconds, {days:.0f} simulated days, seed {setting.seed},"
            f" {setting.web} web and {setting.delivering} delivery workers:"
        )
        lives, kills = figures["lives"], figures["kills"]
        yield f"  processes        {lives} lives, {kills} killed, {self._died()} died while they sent"
        yield f"  connections cut  {figures['cuts']}"
        yield f"  calls            {self.calls.total()}: {_told(self.calls)}"
        yield f"  repeated         {self.repeated.total()}, after {_told(self.repeated)}"
        yield f"  of these steps   {self._steps()}"
        yield f"  passes           {self.passes.total()}: {_told(self.passes)}"
        yield f"  claims           {_told(self._delivering('claim'))}"
        yield f"  sends            {_told(self._delivering('send'))}"
        enrolments, lines = evidence.enrolments, len(evidence.lines)
        entries = sum(len(enrolment.entries) for enrolment in enrolments.values())
        yield f"  kept             {len(enrolments)} enrolments, {entries} entries, {lines} lines of access log"
        yield f"  notifications    {len(evidence.notifications)}: {_told(self.statuses)}"
        yield f"  longest answer   {self._longest():.1f} s"
        yield f"  deadlocks        {figures['deadlocks']}"
        yield f"findings: {len(self.findings) or 'none'}"
        yield from (f"  {finding}" for finding in self.findings[:_SHOWN])
        if len(self.findings) > _SHOWN:
            yield f"  and {len(self.findings) - _SHOWN} more"

    def _delivering(self, what: str) -> Counter[str]:
        return Counter(
            one.answer or _UNANSWERED for one in self.evidence.noted if one.kind == "delivering" and one.what == what
        )

    def _died(self) -> int:
        killed = {one.facts["life"] for one in self.evidence.noted if one.what == "kill"}
        sends = (one for one in self.evidence.noted if one.what == "send" and one.answer is None)
        return len({one.life for one in sends} - killed)

    def _steps(self) -> str:
        """Return what became of the steps of which the caller does not know whether they were taken."""
        kept = {str(entry.event.at) for enrolment in self.evidence.enrolments.values() for entry in enrolment.entries}
        steps = [
            one for one in self.evidence.noted if one.kind == "web" and () not in _leaves(one.what) and not one.is_known
        ]
        there = Counter(one.answer or _UNANSWERED for one in steps if one.facts["at"] in kept)
        of = Counter(one.answer or _UNANSWERED for one in steps)
        told = ", ".join(f"{there[answer]} of {number} with {answer}" for answer, number in sorted(of.items()))
        return f"kept all the same: {told}" if told else "every one was answered"

    def _longest(self) -> float:
        took = (one.answered - one.asked for one in self.evidence.noted if one.kind == "web" and one.answered)
        return max(took, default=0)


def _leaves(what: str) -> Iterable[tuple[str, ...]]:
    return EVERYTHING[what].leaves if what in EVERYTHING else ((),)


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {answer}" for answer, number in counts.most_common()) or "none"
