"""Django's settings: no database, no user table, no JavaScript. The school has a database of its own."""

import os
import secrets
from pathlib import Path

HERE = Path(__file__).parent

PORTAL_FOLDER = Path(os.environ.get("PORTAL_FOLDER", "portal-data")).absolute()
"""Where the school's SQLite file, its exports, the staff's e-mails and the sessions lie."""

DEBUG = False
SECRET_KEY = os.environ.get("PORTAL_SECRET_KEY") or secrets.token_urlsafe(50)  # one a start: name it for many processes
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = f"{__package__}.urls"
WSGI_APPLICATION = f"{__package__}.wsgi.application"
INSTALLED_APPS: list[str] = []
DATABASES: dict[str, dict[str, str]] = {}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    f"{__package__}.middleware.private_pages",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    f"{__package__}.middleware.Refusals",
]
CSRF_FAILURE_VIEW = f"{__package__}.middleware.stale_page"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SESSION_FILE_PATH = str(PORTAL_FOLDER / "sessions")

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "builtins": [f"{__package__}.words"],
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                f"{__package__}.sign_in.signed_in",
            ],
            "string_if_invalid": "MISSING: %s",  # a slip in a template is seen, and the tests look for it
        },
    }
]

LANGUAGE_CODE = "sv"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Stockholm"
