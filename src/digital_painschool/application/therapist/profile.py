"""The page "Min profil": where a member of staff is notified, and of what."""

from collections.abc import Iterable, Iterator

from digital_painschool.application.executor import Executor
from digital_painschool.application.once import once_of
from digital_painschool.application.own_profile import OwnProfile, own_profile, update_own_profile
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind


class StaffProfile:
    """The page "Min profil". Rule: M-22, M-23."""

    _executor: Executor
    _actor: Actor

    def profile(self) -> OwnProfile:
        """Return "Min profil": the addresses in the staff directory, and the chosen flags. Rule: M-22, M-23."""
        return own_profile(self._executor, self._actor)

    def receive_notifications(
        self,
        *,
        email: bool,
        sms: bool = False,
        flags: Iterable[FlagKind] | None = None,
        summary: bool = False,
        once: str | None = None,
    ) -> OwnProfile:
        """Tick or untick "Ta emot notifieringar". Rule: M-22, M-23, D-23a, D-23b, D-24a.

        Args:
            email: By e-mail, to the directory's address.
            sms: By SMS, to the directory's number.
            flags: For which flags; left out, for all that are on offer.
            summary: True for at most one summary a day over each channel, in the forenoon, in place of a notification
                for each flag.
            once: The host's key for the call.

        Raises:
            RuleViolation: There is no address or number in the directory, or a flag or channel is not on offer.
        """
        flags = tuple(flags) if isinstance(flags, Iterator) else flags  # an iterator can be read once
        # Left out when False: a key of an earlier version is for a call without it.
        chosen = {} if summary is False else {"summary": summary}
        asked = once_of(once, "receive_notifications", email=email, sms=sms, flags=flags, **chosen)
        return update_own_profile(
            self._executor, self._actor, email=email, sms=sms, flags=flags, summary=summary, once=asked
        )
