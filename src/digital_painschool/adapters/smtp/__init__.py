"""E-mail to staff by SMTP, with Python's own `smtplib` and `email`."""

from digital_painschool.adapters.smtp.messenger import SmtpMessenger
from digital_painschool.adapters.smtp.server import Security, Server
from digital_painschool.adapters.smtp.texts import Texts, read_texts

__all__ = ["Security", "Server", "SmtpMessenger", "Texts", "read_texts"]
