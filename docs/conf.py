"""How Sphinx builds these pages: `sphinx-build --fail-on-warning -b html docs docs/_build/html`, without a network."""

from importlib.metadata import version as installed_version

project = "digital_painschool"
author = "The digital_painschool developers"
copyright = "digital_painschool, MIT licence"
release = version = installed_version("digital_painschool")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
# docs/performance.md is written from a benchmark run; the table of contents takes it when it is there.
suppress_warnings = ["toc.empty_glob"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "code"  # the docstrings write `name` as Markdown does
nitpicky = True
nitpick_ignore_regex = [
    # What is not ours has no page here, and no network is asked for one.
    (r"py:.*", r"(?!digital_painschool\b).*"),
    # Aliases and type variables are shown by name and have no page of their own.
    (r"py:.*", r"digital_painschool\..*\.(_\w+|T|T_co|By|Event|Question|Answer|Content|Clock|Options|Step|Progress|Fact)"),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Contract"]

html_theme = "furo"
html_title = f"digital_painschool {release}"
html_show_sourcelink = False
