"""Every setting, read from the environment here and nowhere else. A bare checkout runs without any of them."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from troubleshoot.diagnosis.redact import rules_in
from troubleshoot.diagnosis.redaction_patterns import Redaction
from troubleshoot.diagnosis.scan import PatternError

BASE_DIR = Path(__file__).resolve().parent.parent
ORIGIN = r"\*|'self'|(?:https?://)?(?:\*\.)?[\w.-]+(?::(?:\d+|\*))?|https?://\[[0-9a-fA-F:]+\](?::(?:\d+|\*))?|https?:"


def number(name: str, default: int, least: int = 1) -> int:
    """A whole number from the environment. Raises ImproperlyConfigured that names the variable and what is allowed."""
    raw = os.environ.get(name, "").strip() or str(default)
    if not (raw.isascii() and raw.isdecimal()) or int(raw) < least:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be a whole number of at least {least}")
    return int(raw)


def yes_or_no(name: str, default: bool) -> bool:
    raw = os.environ.get(name, "").strip().lower() or ("1" if default else "0")
    if raw not in ("1", "0", "true", "false", "yes", "no"):
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be 1 or 0")
    return raw in ("1", "true", "yes")


def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
    raw = os.environ.get(name, "").strip().upper() or default
    if raw not in allowed:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must be one of {', '.join(allowed)}")
    return raw


def words(name: str, default: str = "") -> list[str]:
    return os.environ.get(name, default).replace(",", " ").split()


def matching(name: str, pattern: str, like: str, default: str = "") -> str:
    """A text of one form, or nothing; `like` shows the form to who got it wrong."""
    raw = os.environ.get(name, "").strip() or default
    if raw and not re.fullmatch(pattern, raw):
        raise ImproperlyConfigured(f"{name} is {raw!r}; it must look like {like}")
    return raw


# Where everything that is not code lies: database, spool, cache, the private Redis' file, the secret key.
DATA_DIR = Path(os.environ.get("UNHANG_DATA_DIR") or BASE_DIR / "var").absolute()
CACHE_DIR = Path(os.environ.get("UNHANG_CACHE_DIR") or DATA_DIR / "cache").absolute()
# More content folders, laid over ours (os.pathsep between them).
CONTENT_DIRS = tuple(Path(p) for p in os.environ.get("UNHANG_CONTENT_DIRS", "").split(os.pathsep) if p)
if missing := [str(folder) for folder in CONTENT_DIRS if not folder.is_dir()]:
    raise ImproperlyConfigured(f"UNHANG_CONTENT_DIRS names {', '.join(missing)}; each must be a folder that exists")


def redactions() -> tuple[Redaction, ...]:
    """A site's own rules of what to hide, from the file that UNHANG_REDACTION_RULES names: `name: pattern`, one a line."""
    path = os.environ.get("UNHANG_REDACTION_RULES", "").strip()
    try:
        return rules_in(Path(path)) if path else ()
    except (OSError, UnicodeDecodeError, PatternError) as error:
        raise ImproperlyConfigured(f"UNHANG_REDACTION_RULES: {path}: {error}") from error


REDACTIONS = redactions()

DEBUG = yes_or_no("UNHANG_DEBUG", False)


def secret_key() -> str:
    """The key from the environment, else one made at the first start and kept with mode 0600."""
    if key := os.environ.get("UNHANG_SECRET_KEY"):
        return key
    path = DATA_DIR / "secret-key"
    try:
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            make_secret_key(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "secret-key is not text"
        raise ImproperlyConfigured(
            f"the data folder {DATA_DIR} cannot be written ({why}); set UNHANG_DATA_DIR to a folder that can"
        ) from error
    if not key:
        raise ImproperlyConfigured(
            f"{path} is empty; delete it, and a new key is made (who is signed in must sign in again)"
        )
    return key


def make_secret_key(path: Path) -> None:
    """Whole or not at all, and once, however many processes start at the same time."""
    descriptor, draft = tempfile.mkstemp(prefix=".secret-key-", dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(secrets.token_urlsafe(50))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        os.rename(draft, path)
        return
    os.unlink(draft)


SECRET_KEY = secret_key()

# Address and port of the web server that `manage.py up` starts, and how many cases its worker reads side by side.
BIND = os.environ.get("UNHANG_BIND") or "127.0.0.1:8000"
WORKERS = number("UNHANG_WORKERS", 2)
# Names under which the site may be reached. Loopback always works.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *words("UNHANG_ALLOWED_HOSTS")]
# The address people use, for links in embeds, oEmbed and cards; empty: taken from the request.
BASE_URL = matching("UNHANG_BASE_URL", r"https?://[^\s/?#]+/?", "https://unhang.example").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL else []
# Behind a proxy that sets X-Forwarded-Proto and X-Forwarded-Host itself.
if yes_or_no("UNHANG_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = number("UNHANG_HSTS_SECONDS", 0, least=0)

# How long a case is kept, and what one request or case may take.
KEEP_DAYS = number("UNHANG_KEEP_DAYS", 30)
KEPT_PAGES = number("UNHANG_KEPT_PAGES", 256, least=0)  # articles and guide steps in each web process's memory
MAX_REQUEST_BYTES = number("UNHANG_MAX_REQUEST_BYTES", 256 << 20)
MAX_CASES_AT_ONCE = number("UNHANG_MAX_CASES_AT_ONCE", 50)
CASE_SECONDS = number("UNHANG_CASE_SECONDS", 300)
MAX_ATTEMPTS = 3
# How long a worker that says nothing keeps its case; another one takes it up then.
LEASE_SECONDS = number("UNHANG_LEASE_SECONDS", 30)
# For tests: how far the clock of leases, expiry and the sweeper is ahead.
CLOCK_AHEAD_SECONDS = number("UNHANG_CLOCK_AHEAD_SECONDS", 0, least=0)
# Who may frame our embed pages: origins, or * for everybody. Each ends up in a header, so nothing else may stand there.
EMBED_ORIGINS = words("UNHANG_EMBED_ORIGINS", "*")
if wrong := [origin for origin in EMBED_ORIGINS if not re.fullmatch(ORIGIN, origin)]:
    raise ImproperlyConfigured(
        f"UNHANG_EMBED_ORIGINS names {wrong[0]!r}; each must be * or an origin like https://wiki.example or http://host:*"
    )

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
    # Pages of 50 to 150 KB shrink to a fifth. Tokens in forms are masked anew in each answer, so their length tells nothing.
    "django.middleware.gzip.GZipMiddleware",
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


def database() -> dict[str, object]:
    """SQLite in the data folder, or what DATABASE_URL names. Its value holds a password, so no message repeats it."""
    if not (url := os.environ.get("DATABASE_URL", "").strip()):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA_DIR / "unhang.sqlite3"),
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                # WAL lets the web read while a worker writes; IMMEDIATE makes writers queue instead of failing half
                # way; FULL, because a case that was taken in must be there after a power cut.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
            },
        }
    if url.partition("://")[0] not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must be postgres://user:password@host:5432/name, or unset for SQLite")
    try:
        return dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    except ValueError as error:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read; it must be postgres://user:password@host:5432/name, "
            "with %-escapes for special characters in the password"
        ) from error


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def spool_storage() -> dict[str, object]:
    """Where uploads wait: a folder of our own, or S3 (`SPOOL_URL=s3://bucket/prefix?endpoint_url=…`)."""
    raw = os.environ.get("SPOOL_URL", "").strip()
    if not raw:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": str(DATA_DIR / "spool"),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    url = urlsplit(raw)
    if url.scheme != "s3" or not url.netloc:
        raise ImproperlyConfigured("SPOOL_URL must be s3://bucket/prefix?endpoint_url=https://…, or unset for a folder")
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

REDIS_URL = os.environ.get("REDIS_URL", "").strip()
if REDIS_URL and REDIS_URL.partition("://")[0] not in ("redis", "rediss", "redis+socket"):
    raise ImproperlyConfigured(
        "REDIS_URL must be redis://:password@host:6379/0 or rediss://…, or unset for a private Redis"
    )
CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:6379/0"
CELERY_TASK_TIME_LIMIT = CASE_SECONDS + 30
CELERY_TASK_SOFT_TIME_LIMIT = CASE_SECONDS
SWEEP_SECONDS = number("UNHANG_SWEEP_SECONDS", 30)

LOG_LEVEL = one_of("UNHANG_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
