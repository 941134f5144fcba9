"""The site as `manage.py up` serves it, with an empty view beside its pages; for `benchmarks.pages` only."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kbsite.settings")
settings.ROOT_URLCONF = "benchmarks.served_urls"

from kbsite.wsgi import application  # noqa: E402, F401  # gunicorn looks for it here
