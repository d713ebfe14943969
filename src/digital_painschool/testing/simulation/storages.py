"""The storage of a simulated unit: each unit has its own, as no statement joins across units."""

from pathlib import Path

from digital_painschool.errors import ConfigurationError
from digital_painschool.testing.environment import PortsFactory, in_memory, on_sqlite, stored_at

_UNIT = "{unit}"
_ADAPTERS = {"memory://": in_memory, "sqlite://": on_sqlite}


def ports_factory_of(url: str, unit: int) -> PortsFactory:
    """Return the ports factory of a unit's storage.

    Args:
        url: `memory://`; `sqlite://` for a file that is gone afterwards; or a URL in which `{unit}` becomes the number.
        unit: The unit's number.

    Raises:
        ConfigurationError: The URL would put several units into one storage, or into an existing one.
    """
    if url in _ADAPTERS:
        return _ADAPTERS[url]
    if _UNIT not in url:
        raise ConfigurationError(
            f"each unit needs a storage of its own: put {_UNIT} into the URL, where its number goes"
        )
    own = url.replace(_UNIT, f"{unit:04}")
    scheme, _, path = own.partition(":///")
    if scheme.partition("+")[0] == "sqlite" and Path(path).exists():
        raise ConfigurationError(f"{path} is there already, and a simulation begins with nothing; choose another place")
    return stored_at(own)
