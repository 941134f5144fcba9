"""Every setting, read from the environment here and nowhere else. A bare checkout runs without any of them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def number(name: str, default: int, least: int = 1) -> int:
    """A whole number from the environment. Raises ImproperlyConfigured that names the variable and what is allowed."""
    raw = os.environ.get(name, str(default))
    if not raw.strip().isdigit() or int(raw) < least:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be a whole number of at least {least}")
    return int(raw)


def yes_or_no(name: str, default: bool) -> bool:
    raw = os.environ.get(name, "1" if default else "0").strip().lower()
    if raw not in ("1", "0", "true", "false", "yes", "no"):
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be 1 or 0")
    return raw in ("1", "true", "yes")


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).replace(",", " ").split() if word.strip()]


# Where everything that is not code lies: database, spool, cache, the private Redis' file, the secret key.
DATA_DIR = Path(os.environ.get("UNHANG_DATA_DIR") or BASE_DIR / "var").absolute()
CACHE_DIR = Path(os.environ.get("UNHANG_CACHE_DIR") or DATA_DIR / "cache")
# More content folders, laid over ours (os.pathsep between them).
CONTENT_DIRS = tuple(Path(p) for p in os.environ.get("UNHANG_CONTENT_DIRS", "").split(os.pathsep) if p)

DEBUG = yes_or_no("UNHANG_DEBUG", False)


def secret_key() -> str:
    """The key from the environment, else one made at the first start and kept with mode 0600."""
    if key := os.environ.get("UNHANG_SECRET_KEY"):
        return key
    path = DATA_DIR / "secret-key"
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"the data folder {DATA_DIR} cannot be written ({error.strerror}); set UNHANG_DATA_DIR to a folder that can"
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        key = secrets.token_urlsafe(50)
        out.write(key)
    return key


SECRET_KEY = secret_key()

# Names under which the site may be reached. Loopback always works.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *words("UNHANG_ALLOWED_HOSTS")]
# The address people use, for links in embeds, oEmbed and cards; empty: taken from the request.
BASE_URL = os.environ.get("UNHANG_BASE_URL", "").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL else []
# Behind a proxy that sets X-Forwarded-Proto itself.
if yes_or_no("UNHANG_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = number("UNHANG_HSTS_SECONDS", 0, least=0)

# How long a case is kept, and what one request or case may take.
KEEP_DAYS = number("UNHANG_KEEP_DAYS", 30)
MAX_REQUEST_BYTES = number("UNHANG_MAX_REQUEST_BYTES", 256 << 20)
MAX_CASES_AT_ONCE = number("UNHANG_MAX_CASES_AT_ONCE", 50)
CASE_SECONDS = number("UNHANG_CASE_SECONDS", 300)
MAX_ATTEMPTS = 3
# How long a worker that says nothing keeps its case; another one takes it up then.
LEASE_SECONDS = number("UNHANG_LEASE_SECONDS", 30)
# For tests: how far the clock of leases, expiry and the sweeper is ahead.
CLOCK_AHEAD_SECONDS = number("UNHANG_CLOCK_AHEAD_SECONDS", 0, least=0)
# Who may frame our embed pages: origins, or * for everybody.
EMBED_ORIGINS = words("UNHANG_EMBED_ORIGINS", "*")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "troubleshoot",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "troubleshoot.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "troubleshoot.middleware.ContentPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "kbsite.urls"
WSGI_APPLICATION = "kbsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.config(
        "DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'unhang.sqlite3'}", conn_max_age=60
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # WAL lets the web read while a worker writes; IMMEDIATE makes writers queue instead of failing half way.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=10000;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def spool_storage() -> dict[str, object]:
    """Where uploads wait: a folder of our own, or S3 (`SPOOL_URL=s3://bucket/prefix?endpoint_url=…`)."""
    url = urlsplit(os.environ.get("SPOOL_URL", ""))
    if not url.scheme:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": str(DATA_DIR / "spool"),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    if url.scheme != "s3":
        raise ImproperlyConfigured(f"SPOOL_URL is {url.geturl()!r}; it must be s3://bucket/prefix, or unset")
    options: dict[str, object] = {
        "bucket_name": url.netloc,
        "location": url.path.strip("/"),
        "file_overwrite": True,
        "default_acl": "private",
    }
    options |= {key: values[0] for key, values in parse_qs(url.query).items()}
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "media")},
    },
    "spool": spool_storage(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "staticfiles"

# Uploads go to files at once, with nobody else's eyes on them.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 << 20  # of pasted text
DATA_UPLOAD_MAX_NUMBER_FILES = 500
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
FILE_UPLOAD_PERMISSIONS = 0o600

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "troubleshoot" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Opened from other sites' frames, embeds must not be isolated; every other page is by X-Frame-Options and the policy.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

REDIS_URL = os.environ.get("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:6379/0"
CELERY_TASK_TIME_LIMIT = CASE_SECONDS + 30
CELERY_TASK_SOFT_TIME_LIMIT = CASE_SECONDS
SWEEP_SECONDS = number("UNHANG_SWEEP_SECONDS", 30)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("UNHANG_LOG_LEVEL", "INFO")},
}
