"""One sentence, checked."""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.core.types import Claim, Entity, Fact
from biomed_agent.trust.claims import check_text


def check_sentence(sentence: str, entity: Entity, facts: Sequence[Fact] = ()) -> Claim:
    """Return the claim of a text of one sentence."""
    (claim,) = check_text(sentence, entity, facts)
    return claim
