"""How the model keeps what people write: each line ends in one character, whatever the system sent."""

import re
from collections.abc import Mapping

_LINE_END = re.compile("\r\n?")


def text_as_read(text: str) -> str:
    """Return a text as it is read again."""
    return _LINE_END.sub("\n", text)


def answers_as_read(answers: Mapping[str, object]) -> dict[str, object]:
    """Return answers as they are read again."""
    return {key: text_as_read(answer) if isinstance(answer, str) else answer for key, answer in answers.items()}
