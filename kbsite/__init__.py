"""The Django project: wiring only. The Celery app is loaded with it, so that tasks find their queue."""

from kbsite.celery import app as celery_app

__all__ = ["celery_app"]
