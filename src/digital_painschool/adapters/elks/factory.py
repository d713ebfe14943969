"""The factory of the messenger by 46elks, which loads its libraries only when the settings choose it."""

from digital_painschool.adapters.elks.options import ElksOptions
from digital_painschool.adapters.extras import asking_for
from digital_painschool.adapters.options import parse_options
from digital_painschool.adapters.own_texts import OwnTexts, read_own_texts
from digital_painschool.ports.hooks import Options
from digital_painschool.ports.messaging import Messenger


def make_elks_messenger(options: Options) -> Messenger:
    """Return the messenger of the options.

    Raises:
        ConfigurationError: An option is wrong, or the file of texts, or the extra `http` is not installed.
    """
    chosen = parse_options(options, "messenger '46elks'", ElksOptions)
    with asking_for("http", "messenger '46elks' needs"):
        from digital_painschool.adapters.elks.messenger import ElksMessenger
    return ElksMessenger(chosen, OwnTexts() if chosen.texts_file is None else read_own_texts(chosen.texts_file))
