"""Adapters that declare the pace of their channel."""

from collections.abc import Mapping
from inspect import getattr_static
from typing import Any, Protocol

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.errors import ConfigurationError


class Paced(Protocol):
    """An inbox or a messenger whose channel has a pace. Rule: D-13e.

    An adapter without `pace` sends as fast as it can. The pace is read once, when the school is made. All workers on a
    storage keep to it together; the adapter itself needs to wait for nothing.
    """

    @property
    def pace(self) -> ChannelPace | None:
        """The pace; None for a channel without one."""
        ...


def kept_paces(paces: Mapping[Channel, ChannelPace | None]) -> Mapping[Channel, ChannelPace]:
    """Return the pace of each channel that has one, without those that the settings lift."""
    return {channel: pace for channel, pace in paces.items() if pace is not None}


def declared_pace(adapter: Any) -> ChannelPace | None:
    """Return the pace that an adapter declares, or None.

    Raises:
        ConfigurationError: The adapter declares something else.
    """
    name = type(adapter).__name__
    try:
        found = adapter.pace
    except AttributeError:
        if getattr_static(adapter, "pace", None) is None:
            return None
        found = adapter  # its `pace` has failed
    if found is None or isinstance(found, ChannelPace):
        return found
    raise ConfigurationError(f"{name} declares a pace that is no ChannelPace; declare a ChannelPace, or None")
