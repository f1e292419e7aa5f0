"""Questions about something near the named thing: a derivative, a salt, a product, a mutant or a part of it.

Answering those with the record of the named thing would read well and be wrong, so they are refused with the
reason. The words are tables; a variant that fits the sequence is applied instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from biomed_agent.core.errors import Inapplicable

if TYPE_CHECKING:
    pass


_ALTERED = re.compile(
    r"\b(mutants?|mutations?|mutated|variants?|deletions?|insertions?|del\d+|exon \d+|fusions?|truncat\w+"
    r"|isoforms? ?\d*|splice \w+|(?:\w+ )?domains?|[AB] chain"
    r"|(?:heavy|light|alpha|beta) chain|mature|pro-?peptide|signal peptide"
    r"|(?:un|de|auto)?phosphorylated|pegylated|glycosylated|unmodified|glargine|lispro|aspart|detemir|degludec"
    r"|amplified|amplification|knock-?outs?|epitopes?|binding site|active site)\b",
    re.IGNORECASE,
)


def check_unaltered(rest: str, name: str) -> None:
    """Refuse a question about a changed form or a part of a protein.

    Args:
        rest: The question without its names.
        name: How the protein is called.

    Raises:
        Inapplicable: A word says so, and no single substitution was named that could be applied.
    """
    if altered := _ALTERED.search(rest):
        raise Inapplicable(
            f"the question is about a changed form or a part of {name} ({altered[1]}), and the records here describe "
            "the whole, unchanged protein.",
            f"Name one substitution, as in {name} T315I, or give the sequence itself.",
        )


def check_partners_asked(rest: str, name: str, values: Sequence[str]) -> None:
    """Refuse what a list of measured partners does not answer.

    Args:
        rest: The question without its names.
        name: How the molecule or protein whose partners are asked for is called.
        values: The computed values that the question names.

    Raises:
        Inapplicable: It asks what does not bind, or for a value of a partner or of a part.
    """
    if re.search(r"\b(?:not|never|except|cannot|other than)\b|n't\b", rest, re.IGNORECASE):
        raise Inapplicable(
            f"the question asks what does not bind {name}, or makes an exception; only what binds is listed.",
            "Ask without the exception, or about one pair.",
        )
    if values:
        raise Inapplicable(
            f"the question names {' and '.join(values)} beside the binding of {name}; that of a partner or a part is "
            f"not that of {name}.",
            "Ask one thing at a time, and name the molecule or protein itself.",
        )
