"""Texts that people write and every storage can keep; keys, titles and texts of a program."""

from functools import cache

from hypothesis import strategies as st

from digital_painschool.domain.limits import KEY_LENGTH

_SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_TURNS_DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ON_A_LINE = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters=_TURNS_DIRECTION)
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_KEYS = st.builds(str.__add__, st.sampled_from(_LETTERS), st.text(_LETTERS + "-_.", max_size=KEY_LENGTH - 1))


@cache
def texts(longest: int = 40, *, blank: bool = False) -> st.SearchStrategy[str]:
    """Return texts of any script, without NUL and halves of surrogate pairs.

    Args:
        longest: The most characters.
        blank: True gives the empty text, and texts of which nothing is seen, too.
    """
    written = st.text(_SIGNS, max_size=longest)
    return written if blank else written.map(_seen)


@cache
def words(*simple: str, longest: int = 40) -> st.SearchStrategy[str]:
    """Return one of some simple words, which it shrinks to, or another text that is not blank."""
    return st.sampled_from(simple) | texts(longest)


@cache
def keys(*simple: str) -> st.SearchStrategy[str]:
    """Return one of some simple keys, which it shrinks to, or any other key that a program may have."""
    return st.sampled_from(simple) | _KEYS


@cache
def titles(*simple: str, longest: int = 40) -> st.SearchStrategy[str]:
    """Return one of some simple titles, which it shrinks to, or another one: one line, with something to be seen."""
    return st.sampled_from(simple) | st.text(_ON_A_LINE, max_size=longest).map(_seen)


@cache
def prose(longest: int = 40) -> st.SearchStrategy[str]:
    """Return the text of a page: lines and tabs, or nothing at all."""
    return st.text(_ON_A_LINE | st.sampled_from("\t\n"), max_size=longest)


def _seen(text: str) -> str:
    return text if any(sign.isprintable() and not sign.isspace() and sign not in _BLANK for sign in text) else "x"
