"""The factory of the webhook inbox, which loads its libraries only when the settings choose it."""

from digital_painschool.adapters.extras import asking_for
from digital_painschool.adapters.options import parse_options
from digital_painschool.adapters.webhook_inbox.options import WebhookOptions
from digital_painschool.ports.hooks import Options
from digital_painschool.ports.inbox import Inbox


def make_webhook_inbox(options: Options) -> Inbox:
    """Return the inbox of the options.

    Raises:
        ConfigurationError: An option is wrong, or the extra `http` is not installed.
    """
    chosen = parse_options(options, "inbox 'webhook'", WebhookOptions)
    with asking_for("http", "inbox 'webhook' needs"):
        from digital_painschool.adapters.webhook_inbox.inbox import WebhookInbox
    return WebhookInbox(chosen)
