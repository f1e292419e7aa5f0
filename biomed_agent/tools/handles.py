"""A user's own structures in what a calling model is told: they appear by a handle, never as a SMILES or a sequence.

The calling model may run elsewhere, so the egress policy holds for the tool message too. A molecule or protein that
was given as a structure or sequence (not by a name) is called ``molecule:`` or ``protein:`` and eight letters; the
handle may be passed to any tool of the toolkit in place of the structure. What else is told depends on the policy:

- ``public``: everything.
- ``names-only``: everything but structures and sequences, in whatever part of the message they stand.
- ``nothing``: also no name, identifier, hash, formula, mass, source or sentence of the model, by which the structure
  could be found or drawn again. Values that many structures share are told
  (``shared`` in :mod:`biomed_agent.core.predicates`).

The artifact, which stays with the program, is always whole.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from biomed_agent.answering.resolving.inputs import read_sequence
from biomed_agent.core.identifiers import INCHIKEY, smiles_shaped, split_prefix
from biomed_agent.core.predicates import may_be_told
from biomed_agent.core.privacy.disclosure import structure_in
from biomed_agent.core.types import Answer, EgressPolicy, Entity, Fact, Molecule, Protein

WITHHELD = "[withheld]"
MIN_PIECE_LETTERS = 6
"""letters from which a piece of a structure or sequence is recognised"""
MIN_OVERLAP_LETTERS = 9
"""letters that a word must share with a structure or sequence to be a changed form of it"""
_HANDLE = re.compile(r"\b(?:molecule|protein):[0-9a-f]{8}\b")
_TOKEN = re.compile(r"[^\s\"'|]+")
_LONG_WORD = re.compile(r"[A-Z0-9*?.\s-]{25,}")
_CITATION = re.compile(r"[\[\]\d,\-]+")


@dataclass(frozen=True, slots=True)
class _OwnMolecule(Molecule):
    called: str = ""

    @property
    def handle(self) -> str:
        return self.called


@dataclass(frozen=True, slots=True)
class _OwnProtein(Protein):
    called: str = ""
    residues: int = 0

    @property
    def length(self) -> int:
        return self.residues

    @property
    def handle(self) -> str:
        return self.called


def read_structure(kind: Literal["molecule", "protein"], text: str) -> str:
    """Return a structure or sequence as the tools take it, written as they write it.

    Raises:
        InvalidInput: It cannot be read.
    """
    prefix, bare = split_prefix(text.strip())
    if kind == "protein":
        return f"seq:{read_sequence(bare).sequence}"
    from biomed_agent.core.chemistry.structures import molecule_from_inchi, molecule_from_smiles

    if prefix == "inchi" or bare.startswith("InChI="):
        return f"smiles:{molecule_from_inchi(bare if bare.startswith('InChI=') else f'InChI={bare}').smiles}"
    return f"smiles:{molecule_from_smiles(bare).smiles}"


class Handles:
    """Handles of the structures that were given in this process; safe to share between threads.

    A handle is a keyed digest, the same for the same structure as long as this object lives and worthless without it:
    nobody who reads it can try which structure it stands for.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._given: dict[str, str] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as an empty store: structures do not travel."""
        return Handles, ()

    def give(self, kind: str, text: str) -> str:
        """Return the handle of a structure or sequence, by which the tools know it from now on.

        Args:
            kind: ``molecule`` or ``protein``.
            text: What the tools would take: ``smiles:...`` or ``seq:...``, or either without its prefix.
        """
        digest = hmac.new(self._key, f"{kind} {text}".encode(), hashlib.sha256).hexdigest()
        handle = f"{kind}:{digest[:8]}"
        with self._lock:
            self._given[handle] = text
        return handle

    def resolve(self, value: Any) -> Any:
        """Return arguments with every handle, also one within a list, replaced by what it stands for."""
        if isinstance(value, str):
            return self._given.get(value.strip(), value)
        if isinstance(value, dict):
            known = {name: self.resolve(argument) for name, argument in value.items()}
            return self._named_in_question(known)
        return [self.resolve(element) for element in value] if isinstance(value, list) else value

    def _named_in_question(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Take a handle that a question holds as the molecule or protein, if that is not given."""
        question = str(arguments.get("question") or "")
        for handle in _HANDLE.findall(question):
            kind = handle.partition(":")[0]
            if handle in self._given and not arguments.get(kind):
                arguments |= {kind: self._given[handle], "question": question.replace(handle, "it")}
        return arguments

    # -- what is told

    def hide(self, answer: Answer, policy: EgressPolicy) -> Answer:
        """Return the answer as far as it may be told; see :func:`biomed_agent.core.predicates.may_be_told`."""
        own = {id(resolved): self._handle(resolved.entity) for resolved in answer.entities if resolved.given}
        if policy == "public" or not own:
            return answer
        subjects = {resolved.entity.handle: own[id(resolved)] for resolved in answer.entities if id(resolved) in own}
        entities = tuple(
            replace(
                resolved,
                entity=_hidden(resolved.entity, own[id(resolved)], policy),
                asked="the structure given",
                alternatives=(),
            )
            if id(resolved) in own
            else resolved
            for resolved in answer.entities
        )
        facts = tuple(_hide_facts(answer.facts, subjects, policy))
        closed = replace(answer, entities=entities, facts=facts)
        if policy == "names-only":
            return closed
        names = " and ".join(own.values())
        return replace(
            closed,
            text=_values_text(names, facts, answer) if answer.status in ("answered", "model_only") else answer.text,
            claims=tuple(replace(claim, why="", provenance=None) for claim in answer.claims),
            candidates=(),
            model=None,
            sources=(),
            warnings=(),
            not_looked_up=(*answer.not_looked_up, "what tells which structure it is (egress policy nothing)"),
            next_steps=(f'The program that called has the whole answer; call again with "{names}".',),
        )

    def scrub(self, text: str, answer: Answer, arguments: Mapping[str, Any], policy: EgressPolicy) -> str:
        """Return a message without any structure or sequence that was given, whole or in pieces.

        Args:
            text: The message.
            answer: The whole answer it was made of.
            arguments: What was asked, handles opened.
            policy: The egress policy.
        """
        if policy == "public":
            return text
        known = dict(_secrets(answer, policy))
        hidden: dict[str, str] = {secret: self._handle(entity) for secret, entity in known.items()}
        hidden |= {given: WITHHELD for given in _structures(arguments) if given not in hidden}
        for secret in sorted(hidden, key=len, reverse=True):
            text = text.replace(secret, hidden[secret])
        # Of a structure that nothing was made of, an error may show another spelling.
        derived = any(isinstance(entity, Molecule) for entity in known.values()) or not answer.entities
        molecules = [resolved.entity for resolved in answer.entities if isinstance(resolved.entity, Molecule)]
        formulas = (
            {molecule.formula for molecule in molecules} if policy == "names-only" else set()
        )  # every InChI holds one

        def token(match: re.Match[str]) -> str:
            core = match[0].strip(".,;:…")
            harmless = core in formulas or _HANDLE.fullmatch(core) or _CITATION.fullmatch(core)
            if harmless or len(core) < MIN_PIECE_LETTERS:
                return match[0]
            piece = any(core in secret or _overlap(core, secret) for secret in hidden)
            if piece or core.startswith("InChI=") or (derived and smiles_shaped(core)):
                return match[0].replace(core, WITHHELD)
            return match[0]

        return _TOKEN.sub(token, text) if hidden else text

    def _handle(self, entity: Entity) -> str:
        if isinstance(entity, Molecule):
            return self.give("molecule", f"smiles:{entity.smiles}")
        return self.give("protein", f"seq:{entity.sequence}")


def _hidden(entity: Entity, handle: str, policy: EgressPolicy) -> Entity:
    """Return an entity that shows its handle, and under ``names-only`` what is no structure."""
    open_ = policy == "names-only"
    if isinstance(entity, Molecule):
        return _OwnMolecule(
            smiles="",
            inchikey=entity.inchikey if open_ else "",
            name=entity.name if open_ else "",
            formula=entity.formula if open_ else "",
            weight=entity.weight if open_ else None,
            ids=entity.ids if open_ else {},
            provenance=entity.provenance if open_ else None,
            called=handle,
        )
    return _OwnProtein(
        sequence="",
        accession=entity.accession if open_ else "",
        name=entity.name if open_ else "",
        gene=entity.gene if open_ else "",
        organism=entity.organism if open_ else "",
        provenance=entity.provenance if open_ else None,
        called=handle,
        residues=entity.length,
    )


def _hide_facts(facts: tuple[Fact, ...], subjects: Mapping[str, str], policy: EgressPolicy) -> Iterator[Fact]:
    for fact in facts:
        if fact.subject not in subjects:
            yield fact
        elif may_be_told(fact, policy):
            closed = replace(fact, subject=subjects[fact.subject])
            yield replace(closed, note="", about="", about_name="", limits=()) if policy == "nothing" else closed


def _values_text(names: str, facts: tuple[Fact, ...], answer: Answer) -> str:
    """Return what may be told of the answer's text under ``nothing``: the values that many structures share."""
    values = "; ".join(f"{fact.predicate} {fact.amount} {fact.unit}".strip() for fact in facts[:12])
    if values:
        return f"{names}: {values}."
    what = "the verdicts below" if answer.claims else "nothing that may be told"
    return f"{names}: {what}; the program that called has the whole answer."


def _secrets(answer: Answer, policy: EgressPolicy) -> Iterator[tuple[str, Entity]]:
    """Yield the strings of an answer that show which structure was given."""
    for resolved in answer.entities:
        if not resolved.given:
            continue
        entity = resolved.entity
        shown = [resolved.asked, split_prefix(resolved.asked)[1]]
        if isinstance(entity, Molecule):
            shown += [entity.smiles, f"smiles:{entity.smiles}"]
            known = [entity.inchikey, entity.name, entity.formula, entity.handle, *entity.ids.values()]
        else:
            shown += [entity.sequence, f"seq:{entity.sequence}"]
            known = [entity.accession, entity.name, entity.entry_name, entity.gene, entity.handle]
        values = [str(fact.value) for fact in answer.facts if not may_be_told(fact, "names-only")]
        shown += [*values, *(known if policy == "nothing" else ())]
        yield from ((text, entity) for text in shown if len(text) > 3 and (policy == "nothing" or not _is_name(text)))


def _overlap(word: str, secret: str) -> bool:
    """Whether a word holds a piece of a secret, as a sequence with one residue changed does."""
    starts = range(len(word) - MIN_OVERLAP_LETTERS + 1)
    return any(word[start : start + MIN_OVERLAP_LETTERS] in secret for start in starts)


def _is_name(text: str) -> bool:
    return INCHIKEY.fullmatch(text) is not None


def _structures(value: Any) -> Iterator[str]:
    """Yield the structures and sequences among arguments, also those that cannot be read."""
    if isinstance(value, Mapping):
        for element in value.values():
            yield from _structures(element)
    elif isinstance(value, list | tuple):
        for element in value:
            yield from _structures(element)
    elif isinstance(value, str):
        prefix, text = split_prefix(value.strip())
        long = text.startswith(">") or _LONG_WORD.fullmatch(text)
        written = long or smiles_shaped(text) or structure_in(text, name=True)
        if text and (prefix in ("smiles", "inchi", "seq") or (prefix in ("", "name", "gene") and written)):
            yield value.strip()
            yield text
