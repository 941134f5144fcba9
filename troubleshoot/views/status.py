"""How it stands, for whoever operates this: alive, and ready to take cases."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from troubleshoot import shelf
from troubleshoot.models import Case


@never_cache
@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def plain_address(broker_url: str) -> str:
    """The broker's address as the redis client takes it: Celery calls a Unix socket redis+socket://."""
    return broker_url.replace("redis+socket://", "unix://").partition("?")[0]


@never_cache
@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """Database and content answer (503 if not). A queue that is down is told, and loses nothing: cases wait."""
    told = {"database": "ok", "content": "ok", "queue": "ok"}
    try:
        connection.ensure_connection()
        told["waiting_cases"] = str(Case.objects.unfinished().count())
    except DatabaseError as error:
        told["database"] = type(error).__name__
    try:
        shelf.library()
    except Exception as error:
        told["content"] = type(error).__name__
    try:
        redis.Redis.from_url(
            plain_address(settings.CELERY_BROKER_URL), socket_connect_timeout=1, socket_timeout=1
        ).ping()
    except redis.RedisError as error:
        told["queue"] = f"{type(error).__name__}; cases wait until it is back"
    ready = told["database"] == told["content"] == "ok"
    return JsonResponse({"status": "ready" if ready else "not ready", **told}, status=200 if ready else 503)
