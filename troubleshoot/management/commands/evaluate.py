"""`manage.py evaluate DIR [--fit] [--json]`: how often the diagnosis is right on recorded incidents, and how sure it may be."""

from __future__ import annotations

import json
import math
import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from troubleshoot import shelf
from troubleshoot.diagnosis import calibration, evaluate
from troubleshoot.diagnosis.confidence import MODEL
from troubleshoot.diagnosis.content import CONTENT

SCOREBOARD = CONTENT / "scoreboard.json"
VERSION = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def without_nan(value: Any) -> Any:
    """JSON has no NaN: a share of nothing is null."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(inner) for inner in value]
    return (
        None
        if isinstance(value, float) and math.isnan(value)
        else round(value, 4)
        if isinstance(value, float)
        else value
    )


class Command(BaseCommand):
    help = "Measure accuracy, calibration and confusions on a folder of incidents with their truth."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder of incidents, each with its files and case.json")
        parser.add_argument(
            "--fit",
            action="store_true",
            help="fit the model's few parameters, cross-validated; prints them, changes nothing",
        )
        parser.add_argument(
            "--publish", action="store_true", help="write the figures for the scoreboard page (content/scoreboard.json)"
        )
        parser.add_argument(
            "--redaction",
            action="store_true",
            help="instead: in how many reports hiding secrets changes causes, topology, time-line or facts",
        )
        parser.add_argument("--json", action="store_true", help="the figures as JSON")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder; give one that holds incidents, each with a case.json")
        if options["redaction"]:
            self.stdout.write(redaction_as_text(*evaluate.changed_by_redaction(folder, shelf.library())))
            return
        incidents = evaluate.load(folder, shelf.library())
        if not incidents:
            raise CommandError(f"{folder} holds no incident: none of its folders has a case.json")
        fitted = calibration.fit(incidents, shelf.library())
        if options["fit"]:
            stays = "stays" if fitted.surprise <= fitted.bearable else "should change to"
            self.stdout.write(
                f"in use   {MODEL}\n{stays:8} surprise {fitted.surprise:.3f}, bearable up to {fitted.bearable:.3f}\n"
                f"fitted   {fitted.model}\n{calibration_as_text(calibration.calibration(fitted))}"
            )
            return
        told = {**evaluate.summary(incidents, shelf.library()), **calibration.calibration(fitted)}
        if options["publish"]:
            published = {
                "date": timezone.localdate().isoformat(),
                "version": VERSION,
                **{k: v for k, v in told.items() if k != "misses"},
            }
            SCOREBOARD.write_text(json.dumps(without_nan(published), indent=1) + "\n", encoding="utf-8")
        self.stdout.write(json.dumps(told, indent=1) if options["json"] else as_text(told))


def as_text(told: dict[str, Any]) -> str:
    """The figures to read in a terminal."""
    out = ["all signatures   " + line(told["figures"]), "generalising     " + line(told["generalising"])]
    out += ["", calibration_as_text(told)]
    out += ["", "cause                     n  precision  recall"]
    out += [
        f"{name:24} {c['n']:3}  {share(c['precision']):>9}  {share(c['recall']):>6}"
        for name, c in told["per_cause"].items()
    ]
    out += ["", "misses"]
    out += [f"{m['case']}: want {m['want']}, got {m['got']} ({', '.join(m['ranked'])})" for m in told["misses"]]
    return "\n".join(out)


def calibration_as_text(told: dict[str, Any]) -> str:
    """Of incidents judged by what the other ones teach."""
    brier = told["brier"]
    out = [
        f"cross-validated Brier score {brier['ours']:.3f}, base rates {brier['base_rates']:.3f}: {brier['better_by']:.0%} better",
        "claimed  right  95 % interval  n",
    ]
    return "\n".join(
        out
        + [
            f"{b['claimed']:.2f}     {b['right']:.2f}   {b['low']:.2f} – {b['high']:.2f}    {b['n']}"
            for b in told["reliability"]
        ]
    )


def redaction_as_text(count: int, changed: dict[str, list[str]]) -> str:
    same = f"reports that hiding secrets leaves the same: {count - len(changed)} of {count}"
    return "\n".join([same, *(f"{case}: other {', '.join(parts)}" for case, parts in changed.items())])


def line(figures: dict[str, float]) -> str:
    return " ".join(f"{name}={value:.3f}" if name != "n" else f"n={value}" for name, value in figures.items())


def share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
