"""Every address of the site, and an empty view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from kbsite.urls import *  # noqa: F403  # its error pages
from kbsite.urls import urlpatterns as ours


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [path("empty/", empty), *ours]
