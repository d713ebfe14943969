"""The contract of the storage port: calls under one idempotency key that come at the same time."""

from functools import partial

from digital_painschool.ports.storage import find_call
from digital_painschool.testing.contracts.calls import under_key
from digital_painschool.testing.contracts.changes import PERSONS, begin
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.racing import RACERS, RacingContract, save_each, together, winner_of
from digital_painschool.testing.example import program


class RacingCallsContract(RacingContract):
    """A storage that several callers with one key use at the same time."""

    @together
    @proves("Change.completed", "Storage: threads", "Storage: processes")
    def test_of_many_calls_under_one_key_exactly_one_wins(self, place: object, how: str) -> None:
        """Otherwise a double click that meets two web workers would have two effects (D-24a)."""
        changes = [
            [
                under_key(begin(f"{race}-{number}", person, program=program(key=f"p-{number}")), f"key {race}")
                for race, person in enumerate(PERSONS)
            ]
            for number in range(RACERS[how])
        ]
        with self.kept(place) as reopened:
            results = self.race(reopened, how, [partial(save_each, mine) for mine in changes])
            with reopened() as storage:
                for answers, tried in zip(zip(*results, strict=True), zip(*changes, strict=True), strict=True):
                    winner = tried[winner_of(answers)]
                    assert winner.completed is not None
                    assert winner.completed == find_call(storage, winner.completed.key)
                    assert {winner.enrolment.id} == set(storage.load_many([one.enrolment.id for one in tried]))
