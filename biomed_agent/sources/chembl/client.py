"""The questions put to ChEMBL, each with its requests; what comes back is read by the readers beside.

Nothing but names, identifiers and InChIKeys is sent, never a structure. A filter that the service does not know it
passes over in silence, so that every row is held against what was asked: rows of something else are no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from biomed_agent.core.chemistry.structures import looks_like_inchikey
from biomed_agent.core.drug_facts import APPROVAL, DRUG_FACTS, INDICATION, MECHANISM
from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.core.identifiers import ACCESSION
from biomed_agent.core.privacy.egress import Discloses
from biomed_agent.core.types import Entity, Fact, Molecule, Protein, Provenance
from biomed_agent.core.words import counted
from biomed_agent.sources.chembl.activities import MEASURES, Activity, read_activity
from biomed_agent.sources.chembl.drugs import approval_facts, read_indication, read_mechanism, read_warning
from biomed_agent.sources.chembl.readers import (
    CHEMBL_ID,
    SINGLE_PROTEIN,
    Compound,
    Target,
    check_one,
    read_compound,
    read_lookup,
    read_references,
    read_target,
    text_in,
)
from biomed_agent.sources.chembl.requests import MAX_PAGES, Requests
from biomed_agent.sources.http.transport import Transport

BATCH_SIZE = 100
"""identifiers asked for at once: what an address can hold"""
MAX_ASKED_NAME = 300
"""characters of a name that is sent"""
_Read = TypeVar("_Read")


class ChEMBL:
    """The questions put to ChEMBL.

    Each method raises :class:`~biomed_agent.core.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.core.errors.Unavailable` when ChEMBL gives no answer, or one about something else.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._requests = Requests(transport)

    def release(self) -> str:
        """Return the release that ChEMBL serves now, such as ``ChEMBL_36``."""
        return self._requests.release()

    # Molecules and targets

    def by_chembl_id(self, chembl_id: str) -> Compound:
        """Return the molecule with an identifier such as ``CHEMBL25``.

        Raises:
            InvalidInput: It is no identifier of ChEMBL's.
            NotFound: ChEMBL does not have it, it was retired, or it is no molecule's.
        """
        chembl_id = _chembl_id(chembl_id)
        try:
            reply = self._requests.get(f"molecule/{chembl_id}.json", "identifier", chembl_id, {}, check_one)
        except NotFound:
            raise self._why_missing(chembl_id) from None
        compound = read_compound(reply.json(), reply.provenance)
        if compound.chembl_id != chembl_id:
            raise _another(f"the molecule {chembl_id}", compound.chembl_id)
        return compound

    def by_inchikey(self, key: str) -> list[Compound]:
        """Return the molecules with this InChIKey, which is sent as the hash that it is."""
        key = key.strip().upper()
        if not looks_like_inchikey(key):
            raise InvalidInput(
                f"{key[:40]!r} is no InChIKey.",
                "Expected 14, 10 and 1 capital letters, as in BSYNRYMUTXBXSQ-UHFFFAOYSA-N.",
            )
        params = {"molecule_structures__standard_inchi_key": key}
        found = self._compounds("identifier", f"InChIKey {key}", params)
        if wrong := [compound for compound in found if compound.inchikey != key]:
            raise _another(f"the InChIKey {key}", wrong[0].chembl_id)
        return found

    def by_name(self, name: str) -> list[Compound]:
        """Return the molecules that have exactly this name or synonym, in any case; may be several or none.

        What reads as a structure counts as one (:mod:`biomed_agent.core.privacy.disclosure`): under ``names-only`` it
        is refused.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= MAX_ASKED_NAME:
            raise InvalidInput(
                f"a name of {len(name):,} characters cannot be looked up.",
                f"Expected 1 to {MAX_ASKED_NAME} characters.",
            )
        found: dict[str, Compound] = {}
        for field in ("pref_name__iexact", "molecule_synonyms__molecule_synonym__iexact"):
            for compound in self._compounds("name", f"name {name}", {field: name}):
                if not compound.is_called(name):
                    raise _another(f"the name {name}", compound.chembl_id)
                found.setdefault(compound.chembl_id, compound)
        return list(found.values())

    def compounds(self, chembl_ids: Sequence[str]) -> dict[str, Compound]:
        """Look up many identifiers, one request for :data:`BATCH_SIZE` of them; those ChEMBL lacks are left out."""
        asked = list(dict.fromkeys(_chembl_id(chembl_id) for chembl_id in chembl_ids))
        return {each.chembl_id: each for each in self._batches("molecule_chembl_id", asked, lambda one: one.chembl_id)}

    def compounds_by_inchikey(self, keys: Sequence[str]) -> dict[str, Compound]:
        """Look up many InChIKeys, one request for :data:`BATCH_SIZE` of them; those ChEMBL lacks are left out."""
        asked = list(dict.fromkeys(key for key in keys if looks_like_inchikey(key)))
        found = self._batches("molecule_structures__standard_inchi_key", asked, lambda one: one.inchikey)
        return {each.inchikey: each for each in reversed(found)}

    def compound_of(self, molecule: Molecule) -> Compound:
        """Return ChEMBL's record of a molecule, found by its InChIKey, else by its ChEMBL identifier.

        Raises:
            NotFound: ChEMBL has none.
            Unavailable: The record under its identifier is of another structure.
        """
        name = molecule.name or molecule.inchikey or "this structure"
        if looks_like_inchikey(molecule.inchikey):
            found = self.by_inchikey(molecule.inchikey)
            if found:
                return next((each for each in found if each.chembl_id == molecule.ids.get("chembl")), found[0])
        if chembl_id := molecule.ids.get("chembl"):
            compound = self.by_chembl_id(chembl_id)
            if molecule.inchikey and compound.inchikey and compound.inchikey[:14] != molecule.inchikey[:14]:
                raise _another(f"the molecule {name}", compound.chembl_id)
            return compound
        raise NotFound(f"ChEMBL has no record of {name}.", "Check the structure.")

    def targets(self, accession: str) -> list[Target]:
        """Return the targets that are this one protein; families and complexes it is part of are none.

        Raises:
            InvalidInput: It is no UniProt accession.
        """
        accession = accession.strip().upper().partition("-")[0]
        if not ACCESSION.fullmatch(accession):
            raise InvalidInput(f"{accession[:40]!r} is no UniProt accession.", "Expected something like P00533.")
        params = {"target_components__accession": accession, "target_type": SINGLE_PROTEIN}
        found = [
            read_target(row)
            for row, _ in self._requests.rows("target", "identifier", f"target {accession}", params).rows
        ]
        if wrong := [target for target in found if accession not in target.accessions]:
            raise _another(f"the protein {accession}", wrong[0].chembl_id)
        return [target for target in found if target.accession == accession]

    # Activities

    def activities(self, molecule: Molecule, protein: Protein, notes: list[str] | None = None) -> list[Fact]:
        """Return every measured value of a pair, of the molecule and about the protein, the strongest first.

        Values of the molecule's salts count, as ChEMBL keeps them under their parent. Of a variant of the protein
        only what was measured for just these substitutions is returned, of the protein itself nothing of a variant.

        Args:
            molecule: Found by its InChIKey.
            protein: Found by its accession.
            notes: Receives what was left out, and what ChEMBL did not send.

        Raises:
            NotFound: ChEMBL has no record of the molecule, or the protein is no single target there.
        """
        compound = self.compound_of(molecule)
        targets = self._targets_of(protein)
        found: list[Activity] = []
        notes = notes if notes is not None else []
        for target in targets:
            params = {
                "parent_molecule_chembl_id": compound.parent_id, "target_chembl_id": target.chembl_id,
                "standard_type__in": ",".join(MEASURES),
            }  # fmt: skip
            log_line = f"activities of {compound.parent_id} on {target.chembl_id}"
            asked = {"parent_molecule_chembl_id": compound.parent_id, "target_chembl_id": target.chembl_id}
            found += self._activities(params, log_line, asked, notes)
        found = _of_variant(found, protein, notes)
        partner = protein.handle, protein.gene or protein.name
        facts = [_about(activity, molecule.handle, partner) for activity in found]
        return _ranked(self._with_references(found, facts, notes))

    def activities_of(
        self, entity: Entity, limit: int = 10, notes: list[str] | None = None, *, weakest: bool = False
    ) -> list[Fact]:
        """Return the strongest exact values of a molecule or a protein, one or several a partner.

        Args:
            entity: Found by its InChIKey or accession.
            limit: Most partners.
            notes: Receives how many values there are beyond those that were read, which are the
                :data:`.requests.PAGE_SIZE` with the highest pChEMBL value.
            weakest: Read those with the lowest in their place.

        Raises:
            NotFound: ChEMBL has no record of it.
        """
        notes = notes if notes is not None else []
        found: list[Activity] = []
        asked: list[dict[str, str]]
        if isinstance(entity, Protein):
            asked = [{"target_chembl_id": target.chembl_id} for target in self._targets_of(entity)]
        else:
            asked = [{"parent_molecule_chembl_id": self.compound_of(entity).parent_id}]
        for named in asked:
            params = {
                **named, "standard_type__in": ",".join(MEASURES), "pchembl_value__isnull": "false",
                "order_by": "pchembl_value" if weakest else "-pchembl_value",
            }  # fmt: skip
            log_line = f"strongest activities of {next(iter(named.values()))}"
            found += self._activities(params, log_line, named, notes, pages=1)
        if isinstance(entity, Protein):
            return self._of_protein(entity, _of_variant(found, entity, notes), limit, notes)
        return self._of_molecule(entity, found, limit, notes)

    def _of_protein(self, protein: Protein, found: Sequence[Activity], limit: int, notes: list[str]) -> list[Fact]:
        """Return activities of a protein as facts about molecules."""
        chosen = _of_first(found, [activity.parent for activity in found], limit)
        names = {activity.parent: activity.molecule_name for activity in reversed(chosen)}
        facts = [
            _about(each, protein.handle, (f"CHEMBL:{each.parent}", names[each.parent] or each.parent))
            for each in chosen
        ]
        return self._with_references(chosen, facts, notes)

    def _of_molecule(self, molecule: Molecule, found: Sequence[Activity], limit: int, notes: list[str]) -> list[Fact]:
        """Return activities of a molecule as facts about proteins; what was no single protein is left out."""
        wild = [activity for activity in found if not _variant_of(activity)]
        targets = {target.chembl_id: target for target in self._targets([activity.target for activity in wild])}
        known = [activity for activity in wild if activity.target in targets and targets[activity.target].accession]
        if left := len(found) - len(known):
            notes.append(f"Left out: {counted(left, 'value')} of ChEMBL on variants, families, complexes and cells.")
        chosen = _of_first(known, [activity.target for activity in known], limit)
        facts = []
        for each in chosen:
            target = targets[each.target]
            partner = f"UNIPROT:{target.accession}", target.gene or target.name
            facts.append(_about(each, molecule.handle, partner))
        return self._with_references(chosen, facts, notes)

    def _targets_of(self, protein: Protein) -> list[Target]:
        """Return the targets that are a protein; raise NotFound where there are none."""
        name = protein.gene or protein.name or "this sequence"
        targets = self.targets(protein.accession) if protein.accession else []
        if not targets:
            raise NotFound(f"ChEMBL has no single-protein target for {name}.", "Check the accession.")
        return targets

    def _activities(
        self,
        params: Mapping[str, str],
        log_line: str,
        asked: Mapping[str, str],
        notes: list[str],
        pages: int = MAX_PAGES,
    ) -> list[Activity]:
        """Return activities that are surely of what was asked."""
        listed = self._requests.rows("activity", "identifier", log_line, params, pages)
        for row, _ in listed.rows:
            for field, value in asked.items():
                own = text_in(row, field) or (text_in(row, "molecule_chembl_id") if field.startswith("parent") else "")
                if own != value:
                    raise _another(log_line, f"{field} {own or 'not stated'}")
            if params.get("pchembl_value__isnull") and not text_in(row, "pchembl_value"):
                raise _another(log_line, "values without pChEMBL, which were not asked for")
        if listed.total > len(listed.rows):
            notes.append(f"ChEMBL has {listed.total:,} values for this; {len(listed.rows):,} were read.")
        read = [activity for row, provenance in listed.rows if (activity := read_activity(row, provenance)) is not None]
        if left := len(listed.rows) - len(read):
            notes.append(f"Left out: {counted(left, 'value')} of ChEMBL, no concentration.")
        return read

    def _with_references(self, found: Sequence[Activity], facts: Sequence[Fact], notes: list[str]) -> list[Fact]:
        """Return facts with the publications of their documents; without them where these cannot be read."""
        asked = list(dict.fromkeys(each.document for each in found if CHEMBL_ID.fullmatch(each.document)))
        stated: dict[str, tuple[str, ...]] = {}
        try:
            for start in range(0, len(asked), BATCH_SIZE):
                part = asked[start : start + BATCH_SIZE]
                params = {"document_chembl_id__in": ",".join(part), "only": "document_chembl_id,pubmed_id,doi"}
                stated |= dict(
                    read_references(row)
                    for row, _ in self._requests.rows("document", "identifier", f"{len(part)} documents", params).rows
                )
        except Unavailable as error:
            notes.append(f"The publications of ChEMBL's values were not read ({error.message.rstrip('.')}).")
        return [
            replace(fact, measurement=replace(fact.measurement, references=stated.get(each.document, ())))
            if fact.measurement is not None
            else fact
            for each, fact in zip(found, facts, strict=True)
        ]

    # Drugs

    def drug_facts(self, molecule: Molecule, wanted: Iterable[str] = DRUG_FACTS) -> list[Fact]:
        """Return mechanisms, indications (the furthest first) and approval of a molecule, salts among them.

        Args:
            molecule: Found by its InChIKey.
            wanted: Of :data:`biomed_agent.core.drug_facts.DRUG_FACTS`.

        Raises:
            NotFound: ChEMBL has no record of it.
        """
        names = set(wanted)
        compound = self.compound_of(molecule)
        facts: list[Fact] = []
        if MECHANISM in names:
            facts += self._of_drug("mechanism", compound, read_mechanism)
        if INDICATION in names:
            phased = self._of_drug("drug_indication", compound, read_indication)
            facts += [fact for _, fact in sorted(phased, key=lambda pair: -pair[0])]
        if APPROVAL in names:
            facts += self.approval(compound)
        return list(dict.fromkeys(replace(fact, subject=molecule.handle) for fact in facts))

    def approval(self, compound: Compound) -> list[Fact]:
        """Return what is on record of the approval of a molecule, or of the parent that it is a salt of."""
        parent = compound if compound.parent_id == compound.chembl_id else self.by_chembl_id(compound.parent_id)
        warnings = self._of_drug("drug_warning", compound, read_warning) if _is_drug(parent) else []
        return approval_facts(parent, warnings)

    def _of_drug(
        self, resource: str, compound: Compound, read: Callable[[Mapping[str, Any], Provenance], _Read | None]
    ) -> list[_Read]:
        """Return what a list states of a drug, whichever of its forms it is stated of."""
        log_line = f"{resource.replace('_', ' ')} of {compound.parent_id}"
        params = {"parent_molecule_chembl_id": compound.parent_id}
        rows = self._requests.rows(resource, "identifier", log_line, params).rows
        for row, _ in rows:
            named = {text_in(row, "parent_molecule_chembl_id"), text_in(row, "molecule_chembl_id")}
            if not named & {compound.parent_id, compound.chembl_id}:
                raise _another(log_line, " ".join(sorted(named)).strip() or "nothing")
        return [value for row, provenance in rows if (value := read(row, provenance)) is not None]

    # Requests

    def _compounds(self, discloses: Discloses, log_line: str, params: Mapping[str, str]) -> list[Compound]:
        rows = self._requests.rows("molecule", discloses, log_line, params).rows
        return [read_compound(row, provenance) for row, provenance in rows]

    def _batches(self, field: str, values: Sequence[str], key: Callable[[Compound], str]) -> list[Compound]:
        found: list[Compound] = []
        for start in range(0, len(values), BATCH_SIZE):
            part = values[start : start + BATCH_SIZE]
            several = self._compounds("identifier", f"{len(part)} molecules", {f"{field}__in": ",".join(part)})
            if wrong := [each for each in several if key(each) not in part]:
                raise _another(f"{len(part)} molecules", wrong[0].chembl_id)
            found += several
        return found

    def _targets(self, chembl_ids: Iterable[str]) -> list[Target]:
        asked = list(dict.fromkeys(chembl_ids))
        found: list[Target] = []
        for start in range(0, len(asked), BATCH_SIZE):
            part = asked[start : start + BATCH_SIZE]
            rows = self._requests.rows(
                "target", "identifier", f"{len(part)} targets", {"target_chembl_id__in": ",".join(part)}
            ).rows
            found += [target for row, _ in rows if (target := read_target(row)).chembl_id in part]
        return found

    def _why_missing(self, chembl_id: str) -> NotFound:
        """Return why there is no molecule with an identifier: it is another thing's, was retired, or never was."""
        try:
            reply = self._requests.get(
                f"chembl_id_lookup/{chembl_id}.json", "identifier", f"status of {chembl_id}", {}, check_one
            )
        except NotFound:
            return NotFound(f"ChEMBL has no molecule {chembl_id}.", "Check the number.")
        kind, status = read_lookup(reply.json())
        if status == "OBS":
            return NotFound(f"ChEMBL has retired {chembl_id}.", "Look the molecule up by its name or structure.")
        if kind and kind != "COMPOUND":
            return NotFound(f"{chembl_id} is no molecule in ChEMBL but a {kind.lower()}.", "Check the number.")
        return NotFound(f"ChEMBL has no molecule {chembl_id}.", "Check the number.")


def _another(asked: str, got: str) -> Unavailable:
    """Return the error for rows of something that was not asked for."""
    return Unavailable(
        f"ChEMBL was asked for {asked} and answered with another record ({got}); it was not used.",
        "ChEMBL may have changed its filters; look for a newer version of this package.",
    )


def _chembl_id(text: str) -> str:
    chembl_id = text.strip().upper()
    chembl_id = f"CHEMBL{chembl_id}" if re.fullmatch(r"[1-9]\d*", chembl_id) else chembl_id
    if not CHEMBL_ID.fullmatch(chembl_id):
        raise InvalidInput(f"{text[:40]!r} is no ChEMBL identifier.", "Expected something like CHEMBL25.")
    return chembl_id


def _is_drug(compound: Compound) -> bool:
    """Whether a record is of something that reached the clinic, of which alone there are warnings."""
    flagged = compound.withdrawn or compound.black_box_warning
    return bool(flagged) or (compound.max_phase is not None and compound.max_phase != 0)


def _about(activity: Activity, subject: str, partner: tuple[str, str]) -> Fact:
    return replace(activity.fact, subject=subject, about=partner[0], about_name=partner[1])


def _of_variant(found: Sequence[Activity], protein: Protein, notes: list[str]) -> list[Activity]:
    """Return the activities of a variant, or those of the protein itself; say how many others there are."""
    wanted = _substitutions(protein.variant)
    kept = [each for each in found if _substitutions(_variant_of(each)) == wanted]
    if left := len(found) - len(kept):
        which = "other variants" if wanted else "variants of the protein"
        notes.append(f"Left out: {counted(left, 'value')} of ChEMBL for {which}.")
    return kept


def _variant_of(activity: Activity) -> str:
    return activity.fact.measurement.variant if activity.fact.measurement else ""


def _substitutions(variant: str) -> frozenset[str]:
    return frozenset(part for part in re.split(r"[/,;\s]+", variant.upper()) if part)


def _of_first(found: Sequence[Activity], partners: Sequence[str], limit: int) -> list[Activity]:
    """Return the activities of the first partners."""
    first = set(list(dict.fromkeys(partners))[:limit])
    return [each for each, partner in zip(found, partners, strict=True) if partner in first]


def _ranked(facts: Sequence[Fact]) -> list[Fact]:
    """Return facts with exact values first, the strongest first, and mere outcomes last."""

    def rank(fact: Fact) -> tuple[bool, bool, float]:
        text = isinstance(fact.value, str)
        return text, fact.relation != "=", 0.0 if isinstance(fact.value, str) else float(fact.value)

    return sorted(facts, key=rank)
