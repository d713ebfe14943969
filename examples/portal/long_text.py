"""A field for a text of several lines."""

from django import forms


class LongText(forms.CharField):
    """A text of several lines. Browsers send each line's end as two characters; one is kept, and counted.

    Args:
        label: The label.
        limit: The most characters, which the library holds and the page says.
        rows: The height of the field.
    """

    def __init__(self, label: str, limit: int, *, rows: int = 6) -> None:
        field = forms.Textarea(attrs={"rows": rows})
        super().__init__(label=label, widget=field, help_text=f"Högst {limit} tecken.")

    def to_python(self, value: object) -> str:
        """Return the text with lines that end in one way."""
        return (super().to_python(value) or "").replace("\r\n", "\n")
