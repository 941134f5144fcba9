"""The site: the product, and the maintainers' pages."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("troubleshoot.urls")),
    path("admin/", admin.site.urls),
]
