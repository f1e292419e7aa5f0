"""Which of several things a name can mean is taken, and what is said of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from biomed_agent.core.chemistry.relations import structural_relation
from biomed_agent.core.errors import Ambiguous, NotFound
from biomed_agent.core.types import Candidate, Entity, Molecule, Protein, Reason, Resolved

EntityKind: TypeAlias = Literal["molecule", "protein"]
Policy: TypeAlias = Literal["ask", "best", "strict"]

DEFAULT_ORGANISM = "Homo sapiens"


@dataclass(frozen=True, slots=True)
class Match:
    """An entity that a name names, and why.

    Args:
        entity: What is named.
        reason: Why; it ranks the match.
        words: The reason as readers are told; that of ``reason`` when empty.
    """

    entity: Entity
    reason: Reason
    words: str = ""

    @property
    def rank(self) -> int:
        """How good the reason is; a smaller number is a better one."""
        return self.reason.rank

    @property
    def why(self) -> str:
        """The reason in words, for readers."""
        return self.words or self.reason.words


def choose(name: str, matches: Sequence[Match], policy: Policy, organism: str, notes: list[str]) -> Resolved:
    """Choose among what a name means, at least one thing: by rank, then by organism; say what was not chosen.

    Args:
        name: As asked.
        matches: What it means.
        policy: See :meth:`biomed_agent.answering.resolving.resolver.Resolver.resolve`.
        organism: Scientific name a protein must have; empty means human by default.
        notes: Receives warnings for the reader.

    Raises:
        NotFound: No match is of the organism.
        Ambiguous: It means several things, or under ``strict`` only proteins of other organisms than human.
    """
    ordered = sorted(matches, key=lambda match: match.rank)
    kinds = {type(match.entity) for match in ordered}
    fitting = [match for match in ordered if of_organism(match.entity, organism)] or ordered
    best = [match for match in fitting if match.rank == fitting[0].rank]
    native = [match for match in best if of_organism(match.entity, organism or DEFAULT_ORGANISM)]
    if organism and not native:
        raise NotFound(
            f"{name} of {organism} is not in the searched sources.",
            f"It is known of {', '.join(sorted({_organism(match.entity) for match in best}))}.",
        )
    if len(kinds) > 1 and not organism and policy != "best":
        raise _ambiguous(
            f"{name} names a molecule and a protein.",
            ordered,
            f'Write "the molecule {name}" or "the protein {name}", or the string that names the one you mean.',
        )
    if not native and (human := _human(ordered)):
        if policy != "best" and human[0].reason is not Reason.ALIAS:  # FRDA, once a human gene, is one of E. coli
            raise _ambiguous(f"{name} names a human protein, and better one of another organism.", [*human, *best])
        best, native = [*human, *best], human[:1]
    if len(best) > 1 and len(native) == 1 and policy != "strict":
        best = native + [match for match in best if match not in native]
        why = _with(best[0].why, organism or "human by default")
    elif len(best) > 1 and policy != "best":
        raise _ambiguous(f"{name} names {len(best)} {_plural(best[0].entity)}.", best)
    elif len(best) > 1:
        notes.append(f"{name} names {len(best)} records; the first was taken because policy is best.")
        why = f"{best[0].why}, first of {len(best)}"
    else:
        why = _with(best[0].why, "only match") if len(ordered) == 1 else best[0].why
    chosen = best[0]
    if not organism and not native:
        species = _organism(chosen.entity) or "an organism that is not stated"
        if policy == "strict":
            raise _ambiguous(f"{name} was found as the name of no human protein, but of one of {species}.", best)
        notes.append(f"{name} was found as the name of no human protein; this one is of {species}.")
    rest = [match for match in [*best[1:], *ordered] if match.entity.handle != chosen.entity.handle]
    alternatives = {match.entity.handle: _candidate(match, chosen) for match in rest}
    return Resolved(chosen.entity, name, why, tuple(alternatives.values()))


def _human(matches: Sequence[Match]) -> list[Match]:
    """Return the human proteins among matches, the best reason first."""
    return [
        match for match in matches if isinstance(match.entity, Protein) and of_organism(match.entity, DEFAULT_ORGANISM)
    ]


def _ambiguous(message: str, matches: Sequence[Match], hint: str = "") -> Ambiguous:
    return Ambiguous(
        message, hint or _way_out(matches), candidates=[_candidate(match, matches[0]) for match in matches]
    )


def _way_out(matches: Sequence[Match]) -> str:
    """Return how to name the one meant: by its string, and by its organism where that tells them apart."""
    by_string = "Ask again with the string that names the one you mean"
    if len({_organism(match.entity) for match in matches} - {""}) < 2:
        return f"{by_string}."
    return f"{by_string}, or give find protein its organism: --organism {'human' if _human(matches) else 'NAME'}."


def _with(why: str, more: str) -> str:
    return why if why.endswith(more) else f"{why}, {more}"


def _plural(entity: Entity) -> str:
    return "proteins" if isinstance(entity, Protein) else "records"


def gene_match(protein: Protein, name: str, default: str) -> Match:
    """Rank a gene's own protein before those that bear the symbol as a synonym; ``default`` ends the reason."""
    own = protein.gene.casefold() == name.casefold()
    reason = Reason.GENE if own else Reason.GENE_SYNONYM
    return Match(protein, reason, f"{reason.words} in UniProt{default}")


def name_match(protein: Protein, name: str, default: str) -> Match:
    """Rank a protein's own name before that of a part, such as a chain a polyprotein is cut into."""
    own = name.casefold() in map(str.casefold, (protein.name, *protein.synonyms))
    reason = Reason.UNIPROT_NAME if own else Reason.UNIPROT_PART
    return Match(protein, reason, f"{reason.words}{default}")


def of_organism(entity: Entity, organism: str) -> bool:
    """Whether an entity is a protein of an organism, strains included, or a molecule."""
    return isinstance(entity, Molecule) or _organism(entity).startswith(organism)


def _organism(entity: Entity) -> str:
    return entity.organism if isinstance(entity, Protein) else ""


def _candidate(match: Match, first: Match) -> Candidate:
    """Describe what a name can mean as well; of a molecule also what it is to the first."""
    entity, other = match.entity, first.entity
    if match is first or not isinstance(entity, Molecule) or not isinstance(other, Molecule):
        return candidate_of(entity, match.why)
    related = structural_relation(entity, other)
    return candidate_of(entity, f"{match.why}; {related} ({other.handle})" if related else match.why)


def candidate_of(entity: Entity, why: str) -> Candidate:
    """Describe ``entity`` as something a name can mean."""
    if isinstance(entity, Molecule):
        label = ", ".join(part for part in (entity.name or entity.smiles, entity.formula) if part)
        return Candidate(entity.handle, label, why, "molecule")
    label = ", ".join(part for part in (entity.name or entity.gene, entity.gene, entity.organism) if part)
    return Candidate(entity.handle, label, why, "protein")
