"""The product as a Django app."""

from django.apps import AppConfig


class TroubleshootConfig(AppConfig):
    name = "troubleshoot"
    default_auto_field = "django.db.models.BigAutoField"
