"""The WSGI application that gunicorn serves. What every page reads is loaded before the workers fork, and shared."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kbsite.settings")

application = get_wsgi_application()

from troubleshoot import shelf  # noqa: E402  # needs the applications loaded

shelf.index()
shelf.guides()
shelf.articles()

# All this stays as long as the process: collecting garbage need not look at it, and memory stays shared after the fork.
gc.collect()
gc.freeze()
# A page makes thousands of objects that go without being looked for; searching after every 700 takes a tenth of its time.
gc.set_threshold(20_000)
