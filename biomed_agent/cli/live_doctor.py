"""``doctor --live``: asks each service what its readers need, after saying what will be sent to whom."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from biomed_agent.cli.arguments import settings_of
from biomed_agent.cli.terminal import PROGRAM, Screen
from biomed_agent.core.errors import InvalidInput, Refused
from biomed_agent.core.privacy.egress import permit
from biomed_agent.core.types import EXIT_CODES

if TYPE_CHECKING:
    from biomed_agent.core.settings import Settings
    from biomed_agent.sources.live_checks import LiveCheck
    from biomed_agent.sources.live_run import LiveTransport, Outcome


def check_live(arguments: argparse.Namespace, screen: Screen) -> int:
    """Run the checks that the policy allows.

    Returns:
        0 when every reader that was checked finds its fields, 1 when one does not, else 4 when a service gave no
        answer.

    Raises:
        Refused: ``--offline``, the policy ``nothing``, or no consent.
    """
    from biomed_agent.sources.live_checks import CHECKS
    from biomed_agent.sources.live_run import LiveTransport, run_checks

    settings = settings_of(arguments)
    allowed = [check for check in CHECKS if _may_be_sent(check, settings)]
    outcomes: list[Outcome] = []
    with LiveTransport.of(settings) as transport:
        _ask_for_consent(arguments, transport, allowed)
        for outcome in run_checks(transport, allowed):
            outcomes.append(outcome)
            screen.progress(f"{len(outcomes)}/{len(allowed)} {outcome.check.service}: {outcome.check.what}")
    screen.progress("")
    kept_back = [check for check in CHECKS if check not in allowed]
    states = Counter(outcome.state for outcome in outcomes)
    if arguments.json:
        report = {
            "policy": settings.egress,
            "counts": dict(states),
            "checks": [outcome.to_dict() for outcome in outcomes],
            "not_sent": [{"service": check.service, "reader": check.reader, "what": check.what} for check in kept_back],
        }
        screen.show(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        screen.show(_text(outcomes, kept_back, settings, transport))
    if states["broken"]:
        return 1
    return EXIT_CODES["unavailable"] if states["unavailable"] else 0


def _may_be_sent(check: LiveCheck, settings: Settings) -> bool:
    """Whether the policy lets a check leave.

    Raises:
        Refused: Nothing may.
    """
    try:
        permit("a service", settings.egress, check.discloses, settings.offline)
    except Refused:
        if settings.offline or settings.egress == "nothing":
            raise
        return False
    return True


def _ask_for_consent(arguments: argparse.Namespace, transport: LiveTransport, checks: Sequence[LiveCheck]) -> None:
    """Say what will be sent to whom, and return when it may be.

    Raises:
        InvalidInput: Nobody is there to ask, and ``--yes`` was not given.
        Refused: The answer is no.
    """
    if arguments.yes:
        return
    print(_announcement(transport, checks), file=sys.stderr)  # also where progress is not wanted
    if sys.stdin is None or not sys.stdin.isatty():
        raise InvalidInput(
            "doctor --live sends requests to public services, and nobody is here to be asked.",
            f"See what would be sent, then: {PROGRAM} doctor --live --yes",
        )
    try:
        agreed = input("Send them? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        agreed = False
    if not agreed:
        raise Refused("nothing was sent.", "Answer y, or pass --yes.")


def _announcement(transport: LiveTransport, checks: Sequence[LiveCheck]) -> str:
    """Return what will be sent, by service, with the counts."""
    lines = [f"{sum(check.requests for check in checks)} read-only requests will be sent, none of them about you:"]
    for key, service in transport.services.items():
        if its := [check for check in checks if check.service == key]:
            lines.append(f"  {sum(check.requests for check in its)} to {service.name} ({service.url}):")
            lines += [f"    {check.what} ({check.discloses})" for check in its]
    return "\n".join([*lines, "Each is repeated up to three times where a service gives no answer that can be read."])


def _text(
    outcomes: Sequence[Outcome], kept_back: Sequence[LiveCheck], settings: Settings, transport: LiveTransport
) -> str:
    """Return a table of the outcomes, and a verdict."""
    names = {key: service.name for key, service in transport.services.items()}
    width = max((len(outcome.check.what) for outcome in outcomes), default=0)
    lines = [
        f"{names[outcome.check.service]:10}  {outcome.check.what:{width}}  {outcome.milliseconds:6} ms  "
        + (outcome.says if outcome.state == "broken" else f"{outcome.state}{outcome.says and f': {outcome.says}'}")
        for outcome in outcomes
    ]
    lines += [
        f"{names[check.service]:10}  {check.what:{width}}  {'':9}  not sent: the egress policy is {settings.egress}"
        for check in kept_back
    ]
    states = Counter(outcome.state for outcome in outcomes)
    counts = ", ".join(f"{count} {state}" for state, count in states.items())
    verdict = "A reader is broken: look for a newer version of this package, or report it." if states["broken"] else ""
    return "\n".join([*lines, f"{counts}. {verdict}".strip()])
