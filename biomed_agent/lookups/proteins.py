"""Look-ups of proteins that are no question: what a name names, and the sections of its record that are wanted.

Each takes an :class:`~biomed_agent.answering.Answering`, resolves the protein by its policy and closes its draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import compose
from ..errors import InvalidInput
from ..inputs import ORGANISMS
from ..mentions import organism_of
from ..question import DRUG_LINKS
from ..retrieve import matching
from ..types import Answer, Fact

if TYPE_CHECKING:
    from ..answering import Answering

SECTIONS: dict[str, tuple[str, ...]] = {
    "function": ("function", "catalytic activity", "EC number", "cofactor", "activity regulation"),
    "location": ("subcellular location", "membrane topology", "tissue specificity", "GO cellular component"),
    "family": ("protein family", "InterPro entry", "Pfam entry"),
    "domains": ("domain", "zinc finger", "DNA-binding region", "repeat", "coiled coil", "motif"),
    "sites": ("active site", "binding site", "site"),
    "modifications": (
        "signal peptide", "transit peptide", "propeptide", "modified residue", "glycosylation site", "lipidation site",
        "cross-link", "disulfide bond", "post-translational modification",
    ),
    "membrane": ("transmembrane segment", "intramembrane segment", "topological domain"),
    "pathways": ("pathway", "KEGG identifier"),
    "diseases": ("disease", "disease involvement"),
    "drugs": DRUG_LINKS,
    "structures": ("experimental structures", "AlphaFold DB model"),
    "isoforms": ("isoform",),
    "variants": ("natural variant", "studied mutation"),
}  # fmt: skip
"""What can be read of a record beside who it is, and the predicates of its facts."""
_SIZE = ("length", "molecular weight")


def card(answering: Answering, name: str, organism: str = "", about: Sequence[str] = ()) -> Answer:
    """Say which protein ``name`` names, and what its record states in the sections asked for.

    Args:
        answering: The look-up.
        name: See :meth:`biomed_agent.BioMedAgent.protein`.
        organism: Scientific name, or a word of :data:`biomed_agent.inputs.ORGANISMS`; human by default.
        about: Keys of :data:`SECTIONS`; none means that no record is read beyond what the name needs.
    """
    if unknown := [one for one in about if one not in SECTIONS]:
        raise InvalidInput(f"section {unknown[0]!r} is unknown.", f"Expected some of {', '.join(SECTIONS)}.")
    draft, rooms = answering.draft, answering.rooms
    draft.kind = "identity"
    wanted = ORGANISMS.get(organism.strip().lower(), organism.strip()) or organism_of(name)
    resolved = rooms.resolver.resolve(name, "protein", policy=answering.policy, organism=wanted, notes=draft.warnings)
    draft.add(resolved)
    entity = resolved.entity
    said = [compose.identity_sentence(entity, draft.sources)]
    stated: list[Fact] = []
    if predicates := tuple(dict.fromkeys(predicate for one in about for predicate in SECTIONS[one])):
        stated = answering.stored(entity, predicates)
        said.append(compose.facts_sentence(entity, stated, draft.sources))
        lacking = [one for one in about if not matching(stated, SECTIONS[one])]
        unstated = "Its {} could not be looked up." if draft.unread else "No record here states its {}."
        said += [unstated.format(one) for one in lacking]
    else:
        stated = rooms.index.facts(entity)
        said.append(compose.facts_sentence(entity, matching(stated, ("protein family", "EC number")), draft.sources))
    identity = [fact for fact in rooms.retriever.identity(resolved) if fact.predicate != "sequence"]
    draft.facts += [*stated, *identity, *matching(rooms.retriever.computed(entity), _SIZE)]
    return draft.close("answered", " ".join(part for part in said if part))
