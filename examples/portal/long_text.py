"""A field for a text of several lines."""

from django import forms

from .words import count


class LongText(forms.CharField):
    """A text of several lines. The library keeps and counts each line's end as one character, as browsers count it.

    Args:
        label: The label.
        limit: The most characters, which the library holds and the page says.
        rows: The height of the field.
    """

    def __init__(self, label: str, limit: int, *, rows: int = 6) -> None:
        field = forms.Textarea(attrs={"rows": rows, "maxlength": limit})
        super().__init__(label=label, widget=field, help_text=f"Högst {count(limit, 'CHARACTERS')}.")
