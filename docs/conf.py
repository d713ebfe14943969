"""How Sphinx builds these pages: `sphinx-build --fail-on-warning -b html docs docs/_build/html`, without a network."""

from enum import Enum
from importlib.metadata import version as installed_version

from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

from digital_painschool.domain.events import Event
from digital_painschool.domain.people import AnyActor

project = "digital_painschool"
author = "The digital_painschool developers"
copyright = "digital_painschool, MIT licence"
release = version = installed_version("digital_painschool")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "code"  # the docstrings write `name` as Markdown does
nitpicky = True
nitpick_ignore_regex = [
    # Names of other packages have no page here, and no network is used to look for one.
    (r"py:.*", r"(?!digital_painschool\b).*"),
    # What an adapter's own files share is no public name.
    (r"py:.*", r"digital_painschool\.adapters\.http\.calls\.Call"),
    # The executor that the desks share is no public name; type variables are shown by name.
    (
        r"py:.*",
        r"digital_painschool\.application\.(executor\.Executor|receipt_proof\.ReceiptKey|export_layout\.Layout)",
    ),
    (r"py:.*", r"digital_painschool\..*\.(T|T_co|Value|Row|Placeholder|Adapter|Port)"),
    # Results of steps, and playable histories, are documented where they are returned.
    (r"py:.*", r"digital_painschool\.testing\.history\.playing\.(Done|Refused)"),
    (r"py:.*", r"digital_painschool\.testing\.(crashes\.run\.Steps|faults\.calls\.Wrap)"),
]

autodoc_mock_imports = ["ldap", "pyasn1"]  # of an extra that is built from source, and not needed to read about it
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
add_module_names = False
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Contract"]

html_theme = "furo"
html_theme_options = {"light_css_variables": {"code-font-size": "76%"}}
html_title = f"digital_painschool {release}"
html_static_path = ["static"]
html_css_files = ["docs.css"]
html_show_sourcelink = False

_ALIASES = {
    stringify_annotation(Event, "smart"): "~digital_painschool.domain.events.Event",
    stringify_annotation(AnyActor, "smart"): "~digital_painschool.domain.people.AnyActor",
}


def _with_aliases(text: str | None) -> str | None:
    for union, alias in _ALIASES.items():
        text = text and text.replace(union, alias)
    return text


def _shorten(
    _app: Sphinx, _what: str, _name: str, it: object, _options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Show unions by their name in the code, and hide constructors that are not for readers."""
    if isinstance(it, type) and (
        issubclass(it, Enum) or signature == "(*args, **kwargs)" or "executor." in (signature or "")
    ):
        return "", None
    return _with_aliases(signature), _with_aliases(returns)


_plain: dict[str, list[str]] = {}


def _remember(_app: Sphinx, what: str, name: str, _it: object, _options: object, lines: list[str]) -> None:
    if what in {"property", "attribute", "data"}:
        _plain[name] = lines.copy()


def _restore(_app: Sphinx, _what: str, name: str, _it: object, _options: object, lines: list[str]) -> None:
    """Undo what Napoleon makes of a colon in the docstring of a value, which is no type."""
    if name in _plain:
        lines[:] = _plain.pop(name)


def setup(app: Sphinx) -> None:
    """Connect the handlers above; Napoleon listens at priority 500."""
    app.connect("autodoc-process-signature", _shorten)
    app.connect("autodoc-process-docstring", _remember, priority=400)
    app.connect("autodoc-process-docstring", _restore, priority=600)
