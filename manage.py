#!/usr/bin/env python
"""Django's command line. `diagnose` goes straight to the core: it needs no Django, and must start fast."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["diagnose"]:
        from troubleshoot.diagnosis.cli import main as diagnose

        raise SystemExit(diagnose(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kbsite.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(f"unhang: {error}.") from None


if __name__ == "__main__":
    main()
