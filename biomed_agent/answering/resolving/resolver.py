"""Words to entities: which molecule or protein a string names, why, and what else it could mean.

A string is read in this order: a prefix that forces the reading, an identifier of known shape, a name of
the homonym list, a name of the local index, a structure, a systematic name, and at last a name in PubChem or UniProt. A
bare word is a name before it is a SMILES, because PCP, COS, CBC and NO all parse as SMILES and are seldom meant
so. Nothing is corrected silently, and a structure never leaves for the sake of its name: only its InChIKey
or checksum does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from biomed_agent.answering.resolving import systematic
from biomed_agent.answering.resolving.input_files import read_entity_file
from biomed_agent.answering.resolving.inputs import read_sequence, split_organism
from biomed_agent.answering.resolving.ranking import (
    DEFAULT_ORGANISM,
    EntityKind,
    Match,
    Policy,
    candidate_of,
    choose,
    gene_match,
    name_match,
    of_organism,
)
from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.molfile import molecule_from_molblock
from biomed_agent.core.errors import Ambiguous, BiomedAgentError, InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.identifiers import (
    ACCESSION,
    EC_NUMBER,
    ENTRY_NAME,
    INCHIKEY,
    MAX_NAME,
    PLAIN_IDS,
    refuse_file,
    smiles_shaped,
    split_prefix,
    visible,
)
from biomed_agent.core.privacy.disclosure import MIN_SEQUENCE_RESIDUES, reads_as_residues
from biomed_agent.core.protein_variants import apply_substitutions, split_other_variant, split_variant
from biomed_agent.core.types import Candidate, Molecule, Protein, Reason, Resolved

if TYPE_CHECKING:
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.pubchem import PubChem
    from biomed_agent.sources.uniprot import UniProt

T = TypeVar("T")

HUMAN = 9606
"""NCBI taxonomy number"""


class Resolver:
    """Finds what a string names.

    Args:
        index: The local index; always searched first.
        pubchem: Live molecule records, or None.
        uniprot: Live protein records, or None.
        files: Whether ``file:`` may read local files (a tool called by a language model says no).
    """

    def __init__(
        self, index: LocalIndex, pubchem: PubChem | None, uniprot: UniProt | None, *, files: bool = True
    ) -> None:
        self.index, self.pubchem, self.uniprot, self.files = index, pubchem, uniprot, files

    def resolve(
        self,
        text: str,
        kind: EntityKind | None = None,
        *,
        policy: Policy = "ask",
        organism: str = "",
        notes: list[str] | None = None,
        no_file: str = "",
    ) -> Resolved:
        """Return the one entity ``text`` names.

        Args:
            text: A name, identifier, structure or sequence, with or without a prefix of :data:`~.identifiers.PREFIXES`.
            kind: What is expected; None when either would do.
            policy: ``ask`` raises when a name means several things, ``best`` takes the first and says so,
                ``strict`` also refuses a choice by default organism.
            organism: Scientific name a protein must have; empty means human by default.
            notes: Receives warnings for the reader.
            no_file: Says what to pass in place of a file, for a text that opens none; empty otherwise.

        Raises:
            InvalidInput: It is a structure or sequence that cannot be read.
            NotFound: No searched source knows it.
            Ambiguous: It means several things.
            Refused: Only a request that the egress policy forbids could tell.
            Unavailable: Only a service that gave no answer could tell.
        """
        notes = notes if notes is not None else []
        if not isinstance(text, str):
            raise InvalidInput(f"{text!r} names nothing.", "Expected a string.")
        text = visible(text)
        if not text:
            raise InvalidInput("an empty string names nothing.", "Give a name, an identifier, a SMILES or a sequence.")
        prefix, value = split_prefix(text)
        if prefix == "file":
            if no_file:
                raise InvalidInput("file: is not allowed here.", no_file)
            return replace(self._read(value, kind, notes), asked=text)
        refuse_file(text, _IN_FRONT)
        if prefix == "ec" or (not prefix and _EC.fullmatch(value)):
            return replace(self._expect(self._by_ec(value, policy, organism, notes), kind), asked=text)
        for resolved in (
            self._forced(prefix, value, policy, notes),
            None if prefix else self._identified(value, policy, notes),
        ):
            if resolved:
                return replace(self._expect(resolved, kind), asked=text)
        if kind == "molecule" and value.startswith(">"):
            raise InvalidInput("the molecule is given as FASTA, which holds proteins.", "Pass it as the protein.")
        if prefix == "gene":
            kind = "protein"
            if own := [
                match for match in self._local_matches(value, kind) if match.reason is Reason.GENE
            ]:  # not what else it means
                return replace(choose(value, own, policy, organism, notes), asked=text)
        if not prefix and (sequence := self._as_sequence(value, kind)):
            return replace(self._expect(self._known_sequence(sequence, notes), kind), asked=text)
        refuse_file(value, _IN_FRONT)
        return replace(self._named(value, kind, policy, organism, notes), asked=text)

    def resolve_name(
        self,
        name: str,
        kind: EntityKind | None = None,
        *,
        policy: Policy = "ask",
        organism: str = "",
        notes: list[str] | None = None,
    ) -> Resolved:
        """Return the one entity that a name of the lexicon names; see :meth:`resolve`.

        It is no identifier, even where it is shaped like one, as the gene P2RY12 is like an accession.
        """
        notes = notes if notes is not None else []
        return replace(self._named(name, kind, policy, organism, notes), asked=name)

    def fetch_together(self, names: Sequence[str]) -> dict[str, BiomedAgentError]:
        """Fetch the UniProt accessions among ``names`` with one request for 500 of them, into the cache.

        Returns:
            Why an accession cannot be resolved, by its name; to resolve the others asks nobody.
        """
        values = {name: split_prefix(name.strip()) for name in names}
        wanted = {
            name: value.upper() if prefix else value
            for name, (prefix, value) in values.items()
            if prefix in ("", "uniprot") and ACCESSION.fullmatch(value.upper() if prefix else value)
        }
        wanted = {name: value for name, value in wanted.items() if self.index.protein_by_accession(value) is None}
        if self.uniprot is None or len(wanted) < 2:
            return {}
        missing = self.uniprot.by_accessions(list(wanted.values())).missing
        return {name: missing[value] for name, value in wanted.items() if value in missing}

    # -- forced readings and identifiers -------------------------------------------------------

    def _forced(self, prefix: str, value: str, policy: Policy, notes: list[str]) -> Resolved | None:
        """Read ``value`` as its prefix says; None for ``name:``, ``gene:`` and no prefix."""
        if prefix == "smiles":
            return self._known_structure(structures.molecule_from_smiles(value), notes)
        if prefix == "inchi":
            body = value if value.startswith("InChI=") else f"InChI={value}"
            return self._known_structure(structures.molecule_from_inchi(body), notes, as_recorded=True)
        if prefix == "seq":
            return self._known_sequence(read_sequence(value), notes)
        if prefix == "uniprot":
            return self._protein_record(_well_formed(prefix, value.upper()))
        if prefix == "inchikey":
            return self._by_inchikey(value.upper())
        if prefix in ("cid", "chebi", "drugbank", "chembl", "cas", "unii"):
            return self._molecule_record(prefix, _well_formed(prefix, value), policy, notes)
        return None

    def _identified(self, value: str, policy: Policy, notes: list[str]) -> Resolved | None:
        """Read ``value`` as an identifier or structure whose shape leaves no doubt."""
        if value.startswith("InChI="):
            return self._known_structure(structures.molecule_from_inchi(value), notes, as_recorded=True)
        if INCHIKEY.fullmatch(value):
            return self._by_inchikey(value)
        for pattern, namespace in PLAIN_IDS:
            if (match := pattern.fullmatch(value)) and (namespace != "cas" or structures.looks_like_cas(match[1])):
                return self._molecule_record(namespace, match[1], policy, notes)
        gene = ACCESSION.fullmatch(value) and self.index.proteins_named(value)  # P2RY12 is shaped like an accession
        if (ACCESSION.fullmatch(value) and not gene) or ENTRY_NAME.fullmatch(value):
            return self._protein_record(value)
        if "\n" in value and "M  END" in value:
            return self._known_structure(molecule_from_molblock(value), notes)
        return None

    def _by_inchikey(self, key: str) -> Resolved:
        molecules = self.index.molecules_by_inchikey(key)
        if not molecules and self.pubchem is not None:
            molecules = self.pubchem.by_inchikey(key)
        if not molecules:
            raise NotFound(f"no searched source has InChIKey {key}.", self._where())
        if len(key) == 14 and len(molecules) > 1:  # the first block is shared by charge states, isotopes, stereoisomers
            raise Ambiguous(
                f"{key} is the first block of {len(molecules)} InChIKeys.",
                "Give the whole InChIKey, or the string that names the one you mean.",
                candidates=[candidate_of(molecule, "same first block") for molecule in molecules],
            )
        why = "InChIKey, only match" if len(molecules) == 1 else f"InChIKey, first of {len(molecules)} records"
        return Resolved(
            molecules[0], key, why, tuple(candidate_of(molecule, "same InChIKey") for molecule in molecules[1:])
        )

    def _molecule_record(self, namespace: str, value: str, policy: Policy, notes: list[str]) -> Resolved:
        value, why = value.strip(), f"{namespace.upper()} identifier"
        molecule = self.index.molecule_by_id(namespace, value)
        if molecule is None and self.pubchem is not None and namespace == "cid" and value.isdigit():
            molecule = self.pubchem.by_cid(int(value))
        if (
            molecule is None
            and self.pubchem is not None
            and namespace in ("cas", "chebi", "drugbank", "chembl", "unii")
        ):
            # PubChem indexes the identifiers of other databases as names.
            spelled = f"CHEBI:{value}" if namespace == "chebi" else value
            matches = [Match(record, Reason.IDENTIFIER, why) for record in self.pubchem.by_name(spelled)]
            if matches:
                return choose(f"{namespace.upper()} {value}", matches, policy, "", notes)
        if molecule is None:
            raise NotFound(f"no searched source has {namespace.upper()} {value}.", self._where())
        return Resolved(molecule, value, why)

    def _protein_record(self, value: str) -> Resolved:
        by_name = "_" in value
        protein = self.index.protein_by_entry_name(value) if by_name else self.index.protein_by_accession(value)
        if protein is None and self.uniprot is not None:
            protein = self.uniprot.by_entry_name(value) if by_name else self.uniprot.by_accession(value)
        if protein is None:
            raise NotFound(f"no searched source has UniProt entry {value}.", self._where())
        why = "UniProt entry name" if by_name else "UniProt accession"
        if not by_name and protein.accession and protein.accession.split("-")[0] != value.split("-")[0]:
            why = f"{value} was merged into {protein.accession}"
        return Resolved(protein, value, why)

    def _by_ec(self, value: str, policy: Policy, organism: str, notes: list[str]) -> Resolved:
        """Return the protein of an EC number: a reviewed one of the organism, candidates when there are several."""
        number = _well_formed("ec", value).lstrip("ECec: ")
        proteins = self.index.proteins_by_ec(number)
        native = [protein for protein in proteins if of_organism(protein, organism or DEFAULT_ORGANISM)]
        uniprot = self.uniprot
        ask = (lambda: uniprot.by_ec(number, None if organism else HUMAN, organism)) if uniprot else None
        live = self._soft(ask, notes) if ask else None
        if live is None:
            notes.append(f"The local index is no complete list of the proteins with EC {number}; others may have it.")
        native += [protein for protein in live or () if all(protein.accession != known.accession for known in native)]
        matches = [Match(protein, Reason.IDENTIFIER, f"EC {number}") for protein in native or proteins]
        if not matches:
            raise NotFound(f"no reviewed protein of {organism or DEFAULT_ORGANISM} has EC {number}.", self._where())
        return choose(f"EC {number}", matches, policy, organism, notes)

    # -- structures and sequences --------------------------------------------------------------

    def _as_sequence(self, value: str, kind: EntityKind | None) -> Protein | None:
        """Read ``value`` as residues when it can hardly be anything else."""
        if kind == "molecule":
            return None
        if value.startswith(">") or "\n" in value:
            return read_sequence(value)
        bare, letters = value.rstrip("*"), re.sub(r"[^A-Za-z]", "", value)
        # A long run with a slip in it is a broken sequence, which is bad input rather than a name.
        whole = bare == letters or (len(bare) >= 25 and letters.isupper() and len(letters) > 0.8 * len(bare))
        meant = whole and len(letters) >= MIN_SEQUENCE_RESIDUES and not re.search(r"\s", bare)
        return read_sequence(value) if meant and reads_as_residues(letters) and not self._known(value) else None

    def _known(self, name: str) -> bool:
        return bool(self.index.proteins_named(name) or self.index.molecules_named(name) or self.index.homonyms(name))

    def _known_structure(self, molecule: Molecule, notes: list[str], *, as_recorded: bool = False) -> Resolved:
        """Name a structure by its InChIKey; the structure itself stays here.

        Args:
            molecule: The structure as given.
            notes: Receives what could not be looked up.
            as_recorded: Take the record's form of it; an InChI leaves open where mobile hydrogens sit, and
                reading it back often gives an unusual tautomer.
        """
        key = molecule.inchikey
        records = self.index.molecules_by_inchikey(key) if key else []
        exact = [record for record in records if record.inchikey == key]
        if not exact and key and self.pubchem is not None:
            exact = self._soft(lambda: self.pubchem.by_inchikey(key) if self.pubchem else [], notes) or []
        if not exact:
            why = "structure as given; no record of it was found"
            return Resolved(molecule, molecule.smiles, why, given=True)
        record = exact[0]
        if not as_recorded:  # the record may hold another tautomer under the same key
            record = replace(record, smiles=molecule.smiles, formula=molecule.formula, weight=molecule.weight)
        return Resolved(record, molecule.smiles, "structure as given; its InChIKey has a record", given=True)

    def _known_sequence(self, protein: Protein, notes: list[str]) -> Resolved:
        """Name a sequence by its checksum; the sequence itself stays here."""
        record = self.index.protein_by_sequence(protein.sequence)
        if record is None and self.uniprot is not None:
            matches = self._soft(lambda: self.uniprot.by_sequence(protein.sequence) if self.uniprot else [], notes)
            record = matches[0] if matches else None
        if record is None:
            why = "sequence as given; no record of it was found"
            return Resolved(protein, protein.name or "sequence", why, given=True)
        return Resolved(record, protein.name or "sequence", "sequence as given; identical to this record's", given=True)

    # -- names ---------------------------------------------------------------------------------

    def _named(self, name: str, kind: EntityKind | None, policy: Policy, organism: str, notes: list[str]) -> Resolved:
        if len(name) > MAX_NAME:  # only of systematic names, and read here or not at all
            if kind != "protein" and (read := self._as_systematic(name, notes)):
                return read
            raise InvalidInput(
                f"a name of {len(name):,} characters, starting {name[:40]!r}; expected at most {MAX_NAME}.",
                f"{systematic.hint(name)}Put smiles: or seq: in front of a structure or sequence.",
            )
        if homonym := self._homonym(name, kind, policy, organism, notes):
            return homonym
        matches = self._local_matches(name, kind)
        if not matches and kind != "molecule":
            base, changes = split_variant(name)
            if changes:
                return self._variant(base, changes, policy, organism, notes)
            base, form = split_other_variant(name)
            if form and (kind == "protein" or self.index.proteins_named(base)):
                raise InvalidInput(
                    f"{name!r}: the variant form {form} is not supported; expected substitutions of single residues, "
                    "such as V600E or L858R/T790M.",
                    f"Ask about {base} itself, or give the sequence of the variant with seq: in front.",
                )
            base, of = split_organism(name)
            if of and organism in ("", of):
                resolved = self._named(base, "protein", policy, of, notes)
                return replace(resolved, asked=name)
        if not matches and kind != "protein" and (structure := self._as_smiles(name)):
            return self._known_structure(structure, notes)
        if not matches and kind != "protein" and (read := self._as_systematic(name, notes)):
            return read
        if not matches:
            matches = self._live_matches(name, kind, organism, notes)
        elif not organism:
            matches = self._human(name, matches, notes)
        if not matches:
            raise self._unknown(name, kind)
        if len(matches) == 1 and isinstance(matches[0].entity, Molecule):  # nothing to choose
            [match] = matches
            return Resolved(match.entity, name, f"{match.words or match.reason.words}, only match")
        return choose(name, matches, policy, organism, notes)

    def _human(self, name: str, known: list[Match], notes: list[str]) -> list[Match]:
        """Return UniProt's human proteins of a name that is only known here as that of other organisms' proteins."""
        uniprot = self.uniprot
        if uniprot is None or any(of_organism(match.entity, DEFAULT_ORGANISM) for match in known):
            return known
        return self._soft(lambda: _proteins(uniprot, name, "", (HUMAN,)), notes) or known

    def _as_smiles(self, text: str) -> Molecule | None:
        """Read ``text`` as SMILES when it has the marks of one; a broken one is bad input, not a name."""
        if structures.looks_like_smiles(text) or smiles_shaped(text):
            return structures.molecule_from_smiles(text)
        return None

    def _as_systematic(self, name: str, notes: list[str]) -> Resolved | None:
        """Read a systematic name on this machine, so that the name need not leave; only its InChIKey may."""
        if (molecule := systematic.read_systematic(name)) is None:
            return None
        known = self._known_structure(molecule, notes)
        recorded = known.entity.provenance != molecule.provenance
        why = f"read by OPSIN as a systematic name; {'its InChIKey has a' if recorded else 'no'} record"
        # Without a record it says as much of a structure that may be nobody's business as its SMILES does.
        return Resolved(known.entity, name, why, given=not recorded)

    def _homonym(
        self, name: str, kind: EntityKind | None, policy: Policy, organism: str, notes: list[str]
    ) -> Resolved | None:
        meanings = list(self.index.homonyms(name))
        if not meanings:
            return None
        fitting = [meaning for meaning in meanings if kind is None or meaning.kind == kind]
        usable = [meaning for meaning in fitting if meaning.handle]
        if kind and len(fitting) == 1 and usable:
            rest = tuple(meaning for meaning in meanings if meaning is not usable[0] and meaning.handle)
            chosen = self.resolve(usable[0].handle, kind, policy=policy, organism=organism, notes=notes)
            return replace(chosen, why=f"the only {kind} that {name} means", alternatives=rest)
        if policy == "best" and usable:
            rest = tuple(meaning for meaning in meanings if meaning is not usable[0] and meaning.handle)
            notes.append(f"{name} means {len(meanings)} things; {usable[0].label} was taken because policy is best.")
            chosen = self.resolve(usable[0].handle, kind, policy=policy, organism=organism, notes=notes)
            return replace(chosen, why=f"first of {len(meanings)} meanings of {name}", alternatives=rest)
        shown = fitting or meanings
        raise Ambiguous(
            f"{name} means {len(shown)} things{f' that are a {kind}' if kind and fitting else ''}.",
            "Ask again with the string that names the one you mean.",
            candidates=shown,
        )

    def _local_matches(self, name: str, kind: EntityKind | None) -> list[Match]:
        matches: list[Match] = []
        if kind != "protein":
            matches += [Match(molecule, reason) for molecule, reason in self.index.molecules_named(name)]
        if kind != "molecule":
            matches += [Match(protein, reason) for protein, reason in self.index.proteins_named(name)]
        return matches

    def _live_matches(self, name: str, kind: EntityKind | None, organism: str, notes: list[str]) -> list[Match]:
        """Ask PubChem and UniProt, both when either kind would do; one that fails is noted when the other knows it."""
        matches: list[Match] = []
        failures: dict[str, Unavailable | Refused] = {}
        for service, ask in self._services(name, kind, organism):
            try:
                matches += ask()
            except (Unavailable, Refused) as error:
                failures[service] = error
        failure = next(iter(failures.values()), None)
        if failure is not None and matches:
            notes.append(f"{name} may mean something else as well: {failure.message}")
        elif failure is not None:
            suggestions = self._alike(name, kind)
            hint = (
                f"Did you mean {', '.join(suggestion.label for suggestion in suggestions[:3])}? " if suggestions else ""
            )
            hint += systematic.hint(name) if kind != "protein" else ""
            raise type(failure)(f"{name!r} is not in the local index, and {failure.message}", f"{hint}{failure.hint}")
        return matches

    def _services(
        self, name: str, kind: EntityKind | None, organism: str
    ) -> Iterator[tuple[str, Callable[[], list[Match]]]]:
        if kind != "protein" and self.pubchem is not None:
            pubchem = self.pubchem
            yield "PubChem", lambda: [Match(molecule, Reason.PUBCHEM_NAME) for molecule in pubchem.by_name(name)]
        if kind != "molecule" and self.uniprot is not None:
            uniprot = self.uniprot
            yield "UniProt", lambda: _proteins(uniprot, name, organism)

    def _variant(self, base: str, changes: Sequence[str], policy: Policy, organism: str, notes: list[str]) -> Resolved:
        """Apply substitutions and check them at their positions (residue numbers of the record's chain)."""
        record = self.resolve(base, "protein", policy=policy, organism=organism, notes=notes)
        if not isinstance(record.entity, Protein):
            raise InvalidInput(f"{base} is not a protein, so {'/'.join(changes)} cannot be applied.")
        mutant = apply_substitutions(record.entity, changes)
        why = f"{record.why}; {mutant.variant} applied"
        return Resolved(mutant, f"{base} {mutant.variant}", why, record.alternatives, record.given)

    # -- failures ------------------------------------------------------------------------------

    def _alike(self, name: str, kind: EntityKind | None) -> list[Candidate]:
        return [candidate for candidate in self.index.suggest(name) if kind is None or candidate.kind == kind]

    def _unknown(self, name: str, kind: EntityKind | None) -> NotFound:
        suggestions = self._alike(name, kind)
        hint = "Did you mean one of the names listed? " if suggestions else ""
        if kind is not None and (other := self._local_matches(name, None)):
            is_a = "protein" if kind == "molecule" else "molecule"
            hint = f"It names a {is_a} ({other[0].entity.handle}); look for a {is_a} if that is meant. "
            suggestions = []  # what is only spelled alike is further from it
        elif kind != "protein":
            hint += systematic.hint(name)
        return NotFound(
            f"{name!r} is not the name of a {kind or 'molecule or protein'} in the searched sources.",
            hint + self._where(),
            candidates=suggestions,
        )

    def _where(self) -> str:
        """Say where was searched, and how to search further."""
        live = [name for name, source in (("PubChem", self.pubchem), ("UniProt", self.uniprot)) if source is not None]
        if live:
            return f"Searched: the local index, {' and '.join(live)}. A structure needs smiles: or seq: in front."
        return "Searched: the local index only (look-ups are switched off). A structure needs smiles: or seq: in front."

    def _expect(self, resolved: Resolved, kind: EntityKind | None) -> Resolved:
        if kind is not None and resolved.kind != kind:
            entity = resolved.entity
            what = f"{resolved.asked!r} is a {resolved.kind} ({entity.name or entity.handle})"
            if resolved.given:  # the reader of the message may be one who must not see it
                what = f"the {'structure' if resolved.kind == 'molecule' else 'sequence'} given is a {resolved.kind}"
            raise InvalidInput(
                f"{what}; expected a {kind}.",
                f"Pass it as the {resolved.kind}.",
            )
        return resolved

    def _soft(self, ask: Callable[[], T], notes: list[str]) -> T | None:
        """Ask for something the answer can do without."""
        try:
            return ask()
        except (Unavailable, Refused) as error:
            notes.append(f"Not looked up by identifier: {error.message}")
        except NotFound:
            pass
        return None

    def _read(self, path: str, kind: EntityKind | None, notes: list[str]) -> Resolved:
        """Read a structure or sequence from a file; nothing of it is ever looked up as a name."""
        if not self.files:
            raise InvalidInput("file: is not allowed here.", "Pass the structure or sequence itself.")
        entity, inchi = read_entity_file(path, kind)
        if isinstance(entity, Molecule):
            return self._known_structure(entity, notes, as_recorded=inchi)
        return self._known_sequence(entity, notes)


_IN_FRONT = "A file is given as file:PATH with nothing before it, on the command line also as @PATH."
_EC = re.compile(rf"EC[ :]?\s?{EC_NUMBER.pattern}", re.I)
_SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    "cid": (re.compile(r"\d+"), "digits, such as cid:2244"),
    "chebi": (re.compile(r"(?:CHEBI:)?\d+", re.I), "digits, such as chebi:15365"),
    "drugbank": (re.compile(r"(?:DB)?\d{5}", re.I), "such as drugbank:DB00945"),
    "chembl": (re.compile(r"(?:CHEMBL)?\d+", re.I), "such as chembl:CHEMBL25"),
    "cas": (re.compile(r"\d{2,7}-\d{2}-\d"), "such as cas:50-78-2, with a check digit that fits"),
    "unii": (re.compile(r"[A-Z0-9]{10}", re.I), "ten letters and digits"),
    "ec": (re.compile(rf"(?:EC[ :]?\s?)?{EC_NUMBER.pattern}", re.I), "four numbers, such as ec:3.4.21.5"),
    "uniprot": (re.compile(rf"{ACCESSION.pattern}|{ENTRY_NAME.pattern}"), "such as uniprot:P00533 or EGFR_HUMAN"),
}


def _well_formed(prefix: str, value: str) -> str:
    """Return an identifier that has its shape; raise :class:`InvalidInput` for another."""
    shape, expected = _SHAPES[prefix]
    if not shape.fullmatch(value.strip()) or (prefix == "cas" and not structures.looks_like_cas(value.strip())):
        raise InvalidInput(f"{value[:40]!r} is no {prefix.upper()} identifier; expected {expected}.")
    return value.strip()


def _proteins(uniprot: UniProt, name: str, organism: str, taxa: Sequence[int | None] = (HUMAN, None)) -> list[Match]:
    """Return the proteins with a gene or name in UniProt: of the organism, or of human, or if none is, of any."""
    for taxon in (None,) if organism else taxa:
        default = ", human by default" if taxon else ""
        if matches := [gene_match(protein, name, default) for protein in uniprot.by_gene(name, taxon, organism)]:
            return matches
        if proteins := uniprot.by_name(name, taxon, organism):
            return [name_match(protein, name, default) for protein in proteins]
    return []
