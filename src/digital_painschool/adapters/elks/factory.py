"""The factory of the messenger by 46elks, which loads its libraries only when the settings choose it."""

from digital_painschool.adapters.elks.options import ElksOptions
from digital_painschool.adapters.options import parse_options
from digital_painschool.errors import ConfigurationError
from digital_painschool.ports.hooks import Options
from digital_painschool.ports.messaging import Messenger


def make_elks_messenger(options: Options) -> Messenger:
    """Return the messenger of the options.

    Raises:
        ConfigurationError: An option is wrong, or the extra `http` is not installed.
    """
    chosen = parse_options(options, "messenger '46elks'", ElksOptions)
    try:
        from digital_painschool.adapters.elks.messenger import ElksMessenger
    except ImportError:
        raise ConfigurationError("messenger '46elks' needs the extra: pip install 'digital_painschool[http]'") from None
    return ElksMessenger(chosen)
