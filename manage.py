#!/usr/bin/env python
"""Django's command line. `diagnose` goes straight to the core: it needs no Django, and must start fast."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["diagnose"]:
        from troubleshoot.diagnosis.cli import main as diagnose

        raise SystemExit(diagnose(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kbsite.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
