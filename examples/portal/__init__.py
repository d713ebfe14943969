"""A small portal in Django that embeds the library: server-rendered, without JavaScript, on the public API alone.

Start it with `python -m examples.portal`; docs/how-to/portal.md says what it shows. Its sign-in is a stub: anybody may
be anybody. Never put it where others can reach it.
"""
