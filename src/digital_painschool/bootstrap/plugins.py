"""The installed plugins, and the adapter factories that they have.

The plugin manager exists only here. The hooks are called once, and after that there are only typed objects.
"""

from collections.abc import Iterable
from typing import cast

import pluggy
from attrs import frozen

from digital_painschool.adapters import plugin as reference_adapters
from digital_painschool.bootstrap.settings import AdapterConfig
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.ports import hooks
from digital_painschool.ports.hooks import PROJECT, AdapterFactory

KINDS = {
    "storage": "painschool_storages",
    "identity": "painschool_identities",
    "inbox": "painschool_inboxes",
    "directory": "painschool_directories",
    "messenger": "painschool_messengers",
    "observer": "painschool_observers",
    "program": "painschool_programs",
}
"""The kinds of adapters, each with the hook that returns its factories."""


@frozen
class Installed:
    """An adapter factory, and the plugin that it comes from."""

    kind: str
    factory: AdapterFactory[object]
    plugin: str


def installed(plugins: Iterable[object] = ()) -> tuple[Installed, ...]:
    """Return every adapter factory: of this package, of the group's entry points, and of further plugins.

    Args:
        plugins: Modules or objects with hooks, beside the installed plugins.

    Raises:
        ConfigurationError: A plugin has an unknown hook (a misspelt name), or one of its hooks failed.
    """
    if not isinstance(plugins, Iterable) or isinstance(plugins, (str, bytes)):
        raise InvalidValue(f"plugins is a collection of modules or objects, not {type(plugins).__name__}")
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hooks)
    manager.register(reference_adapters, name="digital_painschool")
    try:
        manager.load_setuptools_entrypoints(PROJECT)
    except Exception as error:
        raise ConfigurationError(
            f"an installed plugin failed at its import with {type(error).__name__}: {error}"
        ) from error
    for plugin in plugins:
        manager.register(plugin)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        known = ", ".join(sorted(KINDS.values()))
        raise ConfigurationError(f"{error}; known hooks are {known}") from None
    _require_known_hooks(manager)
    found: list[Installed] = []
    for kind, hook in KINDS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            found.extend(_factories_of(kind, implementation))
    return tuple(sorted(found, key=lambda one: (list(KINDS).index(one.kind), one.factory.name, one.plugin)))


def factory_of(found: Iterable[Installed], kind: str, chosen: AdapterConfig) -> AdapterFactory[object]:
    """Return the factory that the settings choose.

    Raises:
        ConfigurationError: None has the name, or several have; the error names the installed ones and their plugins.
    """
    of_kind = [one for one in found if one.kind == kind]
    matching = [one for one in of_kind if one.factory.name == chosen.name]
    if len(matching) == 1:
        return matching[0].factory
    listed = ", ".join(f"{one.factory.name!r} (by {one.plugin})" for one in of_kind) or "nothing"
    if not chosen.name:
        raise ConfigurationError(
            f"the {kind} is missing in the settings, and there is no default; installed are {listed}"
        )
    if not matching:
        raise ConfigurationError(f"no {kind} is called {chosen.name!r}; installed are {listed}")
    whose = " and ".join(one.plugin for one in matching)
    raise ConfigurationError(f"{kind} {chosen.name!r} is installed more than once, by {whose}; remove one of {listed}")


def _factories_of(kind: str, implementation: pluggy.HookImpl) -> Iterable[Installed]:
    plugin = implementation.plugin_name
    try:
        factories = tuple(cast("Iterable[object]", implementation.function()))
    except Exception as error:
        raise ConfigurationError(f"plugin {plugin!r} failed to return its {kind} factories: {error}") from error
    for factory in factories:
        if not isinstance(factory, AdapterFactory):
            raise ConfigurationError(
                f"plugin {plugin!r} returned a {type(factory).__name__} as {kind} instead of an AdapterFactory"
            )
        yield Installed(kind, factory, plugin)


def _require_known_hooks(manager: pluggy.PluginManager) -> None:
    # Pluggy reports a misspelt hook only when it is marked; an unmarked one would be ignored in silence.
    for name, plugin in manager.list_name_plugin():
        for attribute in dir(plugin):
            if attribute.startswith("painschool_") and attribute not in KINDS.values():
                raise ConfigurationError(
                    f"plugin {name!r} has a hook {attribute!r}, which does not exist; "
                    f"known hooks are {', '.join(sorted(KINDS.values()))}"
                )
