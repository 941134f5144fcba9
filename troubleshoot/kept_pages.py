"""Pages that say the same to everybody are kept as made, in this process's memory, and sent again without rendering.

What such a page shows follows from its address, its language and the content, and the content is read once a process,
so nothing kept can be out of date. The forms on it carry a token against forged requests, which differs for everybody:
it is cut out of what is kept, and the visitor's own is put in.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token

View = Callable[..., HttpResponse]
Key = tuple[str, ...]
TOKEN = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")\w+(?=")')
OF_ONE_PERSON = {"case", "told"}
"""Query values that make a page one person's own."""

LONGEST_ADDRESS = 1000
MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A page cut where the token goes, and what its view noted about it."""

    parts: tuple[bytes, ...]
    content_type: str
    about: str


kept: OrderedDict[Key, Kept] = OrderedDict()
lock = Lock()


def keep(view: View) -> View:
    """Keep what this view answers to plain GET requests. An `about` that it sets on its answer is kept, too."""

    @wraps(view)
    def from_memory(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = key_of(request)
        if key is None:
            return view(request, *args, **kwargs)
        with lock:
            if found := kept.get(key):
                kept.move_to_end(key)
        if found:
            return sent(found, request)
        response = view(request, *args, **kwargs)
        if response.status_code == 200 and len(response.content) <= MOST_BYTES:
            page = Kept(
                tuple(TOKEN.split(response.content)), response.headers["Content-Type"], getattr(response, "about", "")
            )
            with lock:
                kept[key] = page
                while len(kept) > settings.KEPT_PAGES:
                    kept.popitem(last=False)
        return response

    return from_memory


def key_of(request: HttpRequest) -> Key | None:
    """All that decides what the page says; None for a page that is not to be kept."""
    address = request.get_full_path()
    if (
        not settings.KEPT_PAGES
        or request.method != "GET"
        or request.headers.get("HX-Request")
        or len(address) > LONGEST_ADDRESS
        or not OF_ONE_PERSON.isdisjoint(request.GET)
    ):
        return None
    return (request.scheme or "", request.get_host(), address, request.LANGUAGE_CODE, settings.BASE_URL)


def sent(page: Kept, request: HttpRequest) -> HttpResponse:
    body = get_token(request).encode().join(page.parts) if len(page.parts) > 1 else page.parts[0]
    response = HttpResponse(body, content_type=page.content_type)
    response.about = page.about  # for whoever wraps the view
    return response
