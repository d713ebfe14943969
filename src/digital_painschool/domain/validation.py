"""Checks of the arguments that a host passes: each is of the right type, or is refused before a rule sees it.

By hand, since an argument of a call is no field of a class; attrs checks the fields of values.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from math import isfinite
from unicodedata import category

from digital_painschool.codes import ValueReason
from digital_painschool.errors import InvalidValue

Answer = int | float | str | tuple[str, ...]
"""One answer as it is kept: a number, a text (a date as ISO 8601), the key of an option, or several keys."""

_ANSWERS_LIMIT = 1_000
_TEXT_LIMIT = 1_000_000
_NUMBER_LIMIT = 10**12
_ANSWER_LIMIT = 10**15
_CONTROL = frozenset({"Cc", "Cs"})
_OBEYED = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What a screen obeys instead of showing it, beside control characters: separators, and changes of direction."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are blank: fillers of Korean, and Braille without a dot."""


def plain_text(text: object, what: str = "text") -> str:
    """Return what a person wrote as it is kept: the text, whose lines end in one way, if every storage can keep it.

    A browser sends the end of a line as two characters and counts it as one, as every limit does.

    Args:
        text: What a person wrote.
        what: What the text is, for the error; never its content.

    Raises:
        InvalidValue: As for `storable_text`.
    """
    return storable_text(with_one_line_end(plain_str(text)) if isinstance(text, str) else text, what)


def plain_str(text: str) -> str:
    """Return a text as a `str` and no subclass: no JSON writer takes a member of a `StrEnum` as a key."""
    return text if type(text) is str else str.__str__(text)


def with_one_line_end(text: str) -> str:
    """Return a text whose lines end in a line feed alone, however the system that it comes from ends them."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def storable_text(text: object, what: str = "text") -> str:
    """Return the text back, as a `str` and no subclass, if every storage can keep it as it is.

    Args:
        text: What a person wrote.
        what: What the text is, for the error; never its content.

    Raises:
        InvalidValue: Not a `str`, longer than a million characters, or it holds NUL or half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise InvalidValue(f"{what} is text (str), not {type(text).__name__}")
    text = plain_str(text)
    if len(text) > _TEXT_LIMIT:
        raise InvalidValue(
            f"{what} is longer than {_TEXT_LIMIT} characters; shorten it",
            reason=ValueReason.TEXT_TOO_LONG,
            limit=_TEXT_LIMIT,
        )
    if "\x00" in text:
        raise InvalidValue(f"{what} holds a NUL character; remove it", reason=ValueReason.UNREADABLE_CHARACTER)
    if not is_encodable(text):
        raise InvalidValue(
            f"{what} holds half of a surrogate pair; decode it properly first",
            reason=ValueReason.UNREADABLE_CHARACTER,
        )
    return text


def control_characters(text: str) -> frozenset[str]:
    """Return the control characters and the halves of surrogate pairs in a text: what no screen and no path shows."""
    # Of a long text, few characters are not printable.
    return frozenset(one for one in frozenset(text) if not one.isprintable() and category(one) in _CONTROL)


def is_seen(text: str) -> bool:
    """Return whether there is something in a text for a person to see: more than blanks and what takes no room."""
    return any(one.isprintable() and not one.isspace() and one not in _BLANK for one in text)


def steering_characters(text: str) -> frozenset[str]:
    """Return what a screen obeys in a text instead of showing it: ends of lines, escapes, changes of direction."""
    return frozenset() if text.isprintable() else control_characters(text) | _OBEYED.intersection(text)


def require_one_line(text: str, what: str) -> None:
    """Refuse a line that holds what a screen obeys instead of showing it.

    Raises:
        InvalidValue: It does; the error repeats nothing of it.
    """
    if steering_characters(text):
        raise InvalidValue(
            f"{what} is one line, without control characters and changes of direction; remove them",
            reason=ValueReason.HIDDEN_CHARACTER,
        )


def is_storable(text: str) -> bool:
    """Return whether every storage can keep the text as it is: no database holds NUL or half of a surrogate pair."""
    return text.isprintable() or ("\x00" not in text and is_encodable(text))  # nearly all are printable


def is_encodable(text: str) -> bool:
    """Return whether a text can be written as UTF-8: it holds no half of a surrogate pair."""
    # Asked here, so that the text does not hang on the refusal as the error before it.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def truth_value(value: object, what: str) -> bool:
    """Return the value back if it is True or False.

    Raises:
        InvalidValue: It is anything else.
    """
    if not isinstance(value, bool):
        raise InvalidValue(f"{what} is True or False, not {type(value).__name__}")
    return value


def whole_number(number: object, what: str) -> int:
    """Return the number back if it is an `int` (and not a `bool`) within a billion or so.

    Raises:
        InvalidValue: It is anything else.
    """
    if type(number) is not int:
        raise InvalidValue(f"{what} is a whole number (int), not {type(number).__name__}")
    if abs(number) > _NUMBER_LIMIT:
        raise InvalidValue(
            f"{what} is far beyond anything that is meant", reason=ValueReason.NUMBER_TOO_LARGE, limit=_NUMBER_LIMIT
        )
    return number


def module_numbers(numbers: object) -> frozenset[int]:
    """Return a set of module numbers.

    Raises:
        InvalidValue: Not a collection of `int`.
    """
    if not isinstance(numbers, Collection) or isinstance(numbers, (str, bytes, Mapping)):
        raise InvalidValue(f"modules is a collection of module numbers, not {type(numbers).__name__}")
    return frozenset(whole_number(number, "a module number") for number in numbers)


def normalise_answers(answers: object) -> dict[str, Answer]:
    """Return answers in the form in which they are kept, whatever form they are for.

    Args:
        answers: A mapping from question keys to `int`, `float`, `str`, `date`, or a collection of option keys.

    Raises:
        InvalidValue: Something else, or more than a thousand of them; the error names no answer.
    """
    if not isinstance(answers, Mapping):
        raise InvalidValue(f"answers is a mapping from question keys to answers, not {type(answers).__name__}")
    if len(answers) > _ANSWERS_LIMIT:
        raise InvalidValue(f"more than {_ANSWERS_LIMIT} answers in one form")
    return {plain_text(key, "the key of an answer"): _kept_answer(answer) for key, answer in answers.items()}


def _kept_answer(answer: object) -> Answer:
    if type(answer) is int or type(answer) is float:
        return _kept_number(answer)
    if isinstance(answer, str):
        return plain_text(answer, "an answer")
    if isinstance(answer, date) and not isinstance(answer, datetime):
        return date.isoformat(answer)
    if isinstance(answer, (list, tuple, set, frozenset)):
        keys = [plain_text(key, "an option key") for key in answer]
        return tuple(sorted(keys) if isinstance(answer, (set, frozenset)) else keys)
    raise InvalidValue(f"an answer is a number, a text, a date or option keys, not {type(answer).__name__}")


def _kept_number(answer: float) -> int | float:
    if abs(answer) <= _ANSWER_LIMIT if isinstance(answer, int) else isfinite(answer):
        return answer
    raise InvalidValue(
        "an answer is a finite number, and a whole one within 1e15",
        reason=ValueReason.NUMBER_TOO_LARGE,
        limit=_ANSWER_LIMIT,
    )
