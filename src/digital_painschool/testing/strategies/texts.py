"""Texts that people write and every storage can keep."""

from functools import cache

from hypothesis import strategies as st

_SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")


@cache
def texts(longest: int = 40, *, blank: bool = False) -> st.SearchStrategy[str]:
    """Give texts of any script, without NUL and halves of surrogate pairs.

    Args:
        longest: The most characters.
        blank: True gives the empty text and nothing but white space, too.
    """
    written = st.text(_SIGNS, max_size=longest)
    return written if blank else written.map(lambda text: text if text.strip() else "x")


@cache
def words(*simple: str, longest: int = 40) -> st.SearchStrategy[str]:
    """Give one of some simple words, which it shrinks to, or another text that is not blank."""
    return st.sampled_from(simple) | texts(longest)
