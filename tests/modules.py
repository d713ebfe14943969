"""The modules of the package, for tests that look at all of them."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import digital_painschool

_BUILT_FROM_SOURCE = {"ldap", "pyasn1"}
"""The packages of the extra `ldap`, which is in no other one."""


def modules(*left_out: str) -> Iterator[ModuleType]:
    """Yield the modules of the package, without those that need the extra `ldap` where it is not installed.

    Args:
        left_out: Parts of the names of modules that are not imported.
    """
    for found in walk_packages(digital_painschool.__path__, "digital_painschool."):
        if any(part in found.name for part in left_out):
            continue
        try:
            yield import_module(found.name)
        except ModuleNotFoundError as missing:
            if missing.name not in _BUILT_FROM_SOURCE:
                raise
