"""`manage.py priors [--write]`: what people told of remedies, as priors of the causes; a person looks before they hold."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from troubleshoot import outcomes, shelf
from troubleshoot.diagnosis.content import CONTENT

CAUSES = CONTENT / "causes.toml"


class Command(BaseCommand):
    help = "Propose the causes' priors from what fixed it for people; nothing changes without --write."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help=f"write them into {CAUSES.name}, to be reviewed there")

    def handle(self, *args: Any, write: bool, **options: Any) -> None:
        now = {cause.id: cause.prior for cause in shelf.library().causes.values()}
        fixed = outcomes.fixed_by_cause()
        told = sum(fixed.get(cause, 0) for cause in now)
        if told < outcomes.FEWEST_TOLD:
            self.stdout.write(f"{told} cases were told to be fixed; below {outcomes.FEWEST_TOLD} nothing is proposed.")
            return
        proposed = outcomes.proposed_priors(now, fixed)
        self.stdout.write("cause                     fixed   now  proposed")
        for cause, prior in proposed.items():
            self.stdout.write(f"{cause:24} {fixed.get(cause, 0):6} {now[cause]:5.2f} {prior:9.2f}")
        if write:
            CAUSES.write_text(with_priors(CAUSES.read_text(encoding="utf-8"), proposed), encoding="utf-8")
            self.stdout.write(
                f"Written to {CAUSES}. Look at the difference, and measure with make corpus before it is kept."
            )


def with_priors(text: str, priors: dict[str, float]) -> str:
    """The file of causes with these priors and all else as it stands. Raises CommandError where one has no line."""
    for cause, prior in priors.items():
        line = re.compile(rf'(^id = "{re.escape(cause)}"\n(?:(?!\[\[).*\n)*?prior = )[-0-9.]+', re.M)
        text, count = line.subn(rf"\g<1>{prior:.2f}", text)
        if count != 1:
            raise CommandError(f"{cause} has no line of its own for its prior in {CAUSES.name}; nothing was written")
    return text
