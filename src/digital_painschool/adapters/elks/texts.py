"""The texts of the SMS: the package's fixed ones, or those of a file, with their link. Rule: D-13c, D-24d."""

import logging

from digital_painschool.adapters.elks.segments import outside_gsm7, segments
from digital_painschool.adapters.own_texts import LINK, OwnTexts
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import ConfigurationError
from digital_painschool.labels.lookup import Language

_log = logging.getLogger(__name__)


def sms_text(own: OwnTexts, template: Template, language: Language, unit: HsaId, link: str) -> str:
    """Return the text of a message, with the link where the text has a place for it, or else behind it."""
    return _with_link(own.text(template, language, unit) or template.text_in(language), link)


def check_texts(own: OwnTexts, allowed: int) -> None:
    """Check each text without its link, before one is sent; log which characters of a file double the price.

    Args:
        own: The texts of the file.
        allowed: How many SMS a message may need.

    Raises:
        ConfigurationError: A text needs more SMS, or is for an e-mail; its key is named.
    """
    for template in Template:
        for language in Language:
            _require_short(f"the text {template.value!r} in {language.value!r}", template.text_in(language), allowed)
    for key, wording in own.each():
        if wording.subject is not None:
            raise ConfigurationError(f"messenger '46elks': texts_file: {key}.subject: an SMS has no subject")
        if wording.text is None:
            continue
        _require_short(f"the text {key} of 'texts_file'", _with_link(wording.text, ""), allowed)
        if outside := outside_gsm7(wording.text):
            _log.warning(
                "messenger '46elks': the text %s has characters that are not in GSM-7 (%s): 70 characters of it fit "
                "in one SMS, in place of 160",
                key,
                outside,
            )


def _require_short(what: str, text: str, allowed: int) -> None:
    if (needed := segments(text)) > allowed:
        raise ConfigurationError(
            f"messenger '46elks': {what} needs {needed} SMS without its link, "
            f"and the option 'segments' allows {allowed}"
        )


def _with_link(text: str, link: str) -> str:
    text = text.strip()
    return text.replace(LINK, link) if LINK in text else f"{text} {link}".rstrip()
