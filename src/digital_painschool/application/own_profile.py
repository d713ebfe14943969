"""The profile of a member of staff, "Min profil": the addresses, and which flags to be notified of."""

import json
from collections.abc import Iterable

from attrs import evolve, frozen

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.arguments import members
from digital_painschool.application.desk_calls import Completing, stored_result, take_once
from digital_painschool.application.executor import Executor
from digital_painschool.application.once import Once
from digital_painschool.domain.notification import Channel, Profile
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import DeliveryError, Reason, RuleViolation
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.storage import load_profile, save_profile
from digital_painschool.rules.permissions import Action
from digital_painschool.rules.preferences import update_preferences
from digital_painschool.serialization.values import to_data


@frozen(kw_only=True)
class OwnProfile:
    """The profile that "Min profil" shows. Rule: M-22, M-23, D-23a.

    Args:
        directory: The addresses in the staff directory; None when the directory does not have the person, or was not
            needed for a change and did not answer.
        chosen: The flags to be notified of, by channel, and whether in one summary a day.
        on_offer: The flags that can be chosen.
        channels: The channels that can be chosen: those that a messenger serves.
    """

    directory: StaffEntry | None
    chosen: Profile
    on_offer: frozenset[FlagKind]
    channels: frozenset[Channel]


def own_profile(executor: Executor, actor: Actor) -> OwnProfile:
    """Return the profile of a member of staff at the unit. Rule: M-22, M-23."""
    return _own_profile(executor, actor, needs_directory=True)


def _own_profile(executor: Executor, actor: Actor, *, needs_directory: bool) -> OwnProfile:
    executor.access.permit(Action.UPDATE_PROFILE, actor)
    try:
        entry = executor.ports.directory.find(actor.hsa_id)
    except DeliveryError:
        if needs_directory:
            raise
        entry = None
    return OwnProfile(
        directory=entry,
        chosen=load_profile(executor.storage, actor.unit, actor.hsa_id),
        on_offer=executor.policy(actor.unit).staff_flags,
        channels=frozenset(messenger.channel for messenger in executor.ports.messengers),
    )


def update_own_profile(
    executor: Executor,
    actor: Actor,
    *,
    email: bool,
    sms: bool,
    flags: Iterable[FlagKind] | None,
    summary: bool = False,
    once: Once | None = None,
) -> OwnProfile:
    """Save which flags a member of staff is notified of, by e-mail and by SMS.

    Rule: M-22, M-23, D-23a, D-23b, D-24a.

    Raises:
        RuleViolation: The directory has no address or number, or a flag or channel is not on offer.
        InvalidValue: `flags` is no collection of `FlagKind`.
        DeliveryError: A channel is ticked, and the directory does not answer.
    """

    def step(completing: Completing) -> OwnProfile:
        before = _own_profile(executor, actor, needs_directory=bool(email or sms))

        def choice() -> Profile:
            chosen = update_preferences(
                executor.policy(actor.unit),
                email=email,
                sms=sms,
                flags=before.on_offer if flags is None else members(flags, tuple(FlagKind), "flags", "FlagKind"),
                summary=summary,
                has_email=before.directory is not None and before.directory.email is not None,
                has_sms=before.directory is not None and before.directory.sms is not None,
            )
            for channel in (Channel.EMAIL, Channel.SMS):
                if chosen.wants(channel) and channel not in before.channels:
                    raise RuleViolation("D-23a", Reason.NOT_ON_OFFER, channel=channel.value)
            return chosen

        chosen = executor.access.judge(Action.UPDATE_PROFILE, actor, choice)
        entry = access_entry(Action.UPDATE_PROFILE, actor, executor.now())
        save_profile(
            executor.storage, actor.unit, actor.hsa_id, chosen, entry, completed=completing(json.dumps(to_data(chosen)))
        )
        return evolve(before, chosen=chosen)

    def again(result: str) -> OwnProfile:
        before = _own_profile(executor, actor, needs_directory=False)
        return evolve(before, chosen=stored_result(result, Profile))

    executor.access.permit(Action.UPDATE_PROFILE, actor)
    return take_once(executor, Action.UPDATE_PROFILE, actor, once, step, again)
