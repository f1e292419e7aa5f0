"""Rules that decide whether a statement calls the thing by one of its names, or by the name of another.

A name shows that it is the thing when the record has it. It excludes the thing only when all that it means in the
local index is something else: another skeleton, not just another salt, charge or stereoisomer, for which the name is
often used loosely.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from rdkit import Chem
from rdkit.Chem import rdMolHash

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.relations import StructuralRelation, structural_relation
from biomed_agent.core.name_matching import name_key
from biomed_agent.core.types import Entity, Molecule, Protein, Provenance, Reason
from biomed_agent.trust.claims.findings import Finding, contradicted, supported, unverified
from biomed_agent.trust.claims.records import Meaning, Records
from biomed_agent.trust.claims.statement import Assertion
from biomed_agent.trust.claims.whole import METALS

_KIND = (
    r"(?:drug|molecule|compound|chemical|substance|hormone|neurotransmitter|vitamin|alkaloid|protein|enzyme|kinase|gene|"
    r"receptor|polypeptide|medicine|medication)"
)
_THE = re.compile(rf"the (?:active ingredient |well-known )?{_KIND} (?:called |named |known as )?(?P<name>.+)")
_OFTEN = r"(?:also|otherwise|commonly|better|sometimes|usually|often|generally|widely|more commonly) "
_CALLED = re.compile(
    r"(?:(?:is|are) )?(?P<denied>not )?"
    rf"(?:{_OFTEN})*(?:(?:known|referred to|sold|marketed) as|called|named|termed|"
    r"known by the (?:brand |trade |generic )?name(?: of)?|goes by(?: the name)?(?: of)?|"
    r"identical (?:to|with)|the same (?:molecule|compound|drug|substance|protein|enzyme|thing|chemical)? ?as) "
    r"(?P<names>[^;]+?)[.!]?$|"
    r"(?:(?:its|the) )?(?:other|alternative|common|generic|brand|trade|trivial|recommended|full|short) names?"
    r"(?: is| are| include|:) "
    r"(?P<named>[^;]+?)[.!]?$|"
    r"(?:(?:its|the|has the|an?|one) )?synonyms?(?: is| are| include|:)? (?P<synonyms>[^;]+?)[.!]?$",
    re.IGNORECASE,
)
_MIN_TELLING_CHARS = 6
"""letters from which a word of a name, such as *dehydrogenase*, tells what kind of protein it is"""
_PEPTIDE = "[NX3][CX4][CX3](=O)[NX3][CX4][CX3](=O)"
_BY_WEIGHT = r"(?:p|gp|pp|P|GP)-?\d{2,3}"
"""names from the weight of a chain in kDa, such as p38, which many proteins have"""
_SURE = frozenset({None, Reason.NAME, Reason.BRAND, Reason.SYNONYM, Reason.GENE, Reason.RECOMMENDED, Reason.ALIAS})
"""reasons, None for a homonym, for which a name is seldom shared with a relative that is not on record here"""


def identity(
    assertion: Assertion, plain: str, entity: Entity, names: Iterable[str], records: Records, classes: Iterable[str]
) -> Finding | None:
    """Decide ``is NAME``; None when it gives no name that is known here.

    Args:
        assertion: What was read.
        plain: The normalised sentence it was read from, whose capitals tell names from words.
        entity: What the sentence is about.
        names: All names it goes by.
        records: What names mean here.
        classes: Words that name a class although they may be a name as well, such as ``phenol``.
    """
    words = assertion.words
    if not assertion.alone:
        return None
    if not assertion.named:
        called = _THE.fullmatch(assertion.source.strip())
        if called is None and not (isinstance(entity, Protein) and assertion.source.startswith("the ")):
            return None
        words = called["name"] if called else words
    spelled = _spelled(words, plain, records)
    if spelled is None:
        return None
    finding = _compare(spelled, entity, names, records)
    if words in classes and (finding is None or finding.verdict != "supported"):
        return None
    if finding and finding.verdict == "supported" and (others := _sharers(spelled, entity, records)):
        finding = unverified(f"{spelled} is a name of it on record, and of {others} as well")
    if finding and assertion.negated and finding.verdict != "unverified":
        return (contradicted if finding.verdict == "supported" else supported)(finding.why, finding.provenance)
    return finding


def other_names(plain: str, opening: int, entity: Entity, names: Iterable[str], records: Records) -> Iterator[Finding]:
    """Decide ``also known as NAME`` and what is like it in a normalised sentence about the thing.

    ``opening`` is where what is said of the thing begins; names further on may be those of another.
    """
    match = _CALLED.match(plain, opening)
    if match is None:
        return
    names = tuple(names)
    stated, *denied = re.split(r",? (?:but |and )?not ", match["names"] or match["named"] or match["synonyms"])
    whole = name_key(stated) in {name_key(name) for name in names}
    listed = [(name, bool(match["denied"])) for name in ([stated] if whole else _listed(stated, records))]
    listed += [(name, not match["denied"]) for part in denied for name in _listed(part, records)]
    findings = [_called(name, inverted, entity, names, records) for name, inverted in listed]
    verdicts = {finding.verdict for finding in findings}
    if re.match(r"(?:is |are )?(?:\w+ )*(?:sold|marketed) as ", match.group()) and verdicts >= _BOTH and not denied:
        excluded = (finding for finding in findings if finding.verdict == "contradicted")
        findings = [unverified(f"{finding.why}; a product may hold both") for finding in excluded]
    for finding in findings:
        yield finding.for_words(match.group())


_BOTH = frozenset({"supported", "contradicted"})


def _called(name: str, denied: bool, entity: Entity, names: Iterable[str], records: Records) -> Finding:
    """Decide whether it goes by a name, or that it does not."""
    finding = _compare(name, entity, names, records) or unverified(f'no record here gives it the name "{name}"')
    if denied and finding.verdict != "unverified":
        return (contradicted if finding.verdict == "supported" else supported)(finding.why, finding.provenance)
    return finding


def _listed(text: str, records: Records) -> list[str]:
    """Split a list of names; a name may hold a comma or an *and* itself."""
    if records.spans(text) == [(0, len(text))]:
        return [text]
    parts = re.split(r",? (?:and|or) |, ", text)
    return [re.sub(r"^(?:the|an?) |^[\"']|[\"']$", "", part.strip()).strip("\"'") for part in parts if part.strip()]


def _spelled(words: str, plain: str, records: Records) -> str | None:
    """Return the words as the sentence spells them, when they are a known name; a short symbol needs its capitals."""
    for match in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", plain, re.IGNORECASE):
        if match.span() in records.spans(plain):
            return match.group()
    return None


def _compare(name: str, entity: Entity, names: Iterable[str], records: Records) -> Finding | None:
    """Compare what a name means with the thing; None when it means nothing here."""
    if name_key(name) in {name_key(known) for known in names}:
        return supported(f"{name} is a name of it on record", entity.provenance)
    meanings = records.meanings(name)
    if not meanings.things:
        return None
    things = _nearest(meanings.things, entity)
    comparisons = [_compare_things(thing, entity, name) for thing in things]
    outcomes = {comparison.outcome for comparison in comparisons}
    if "same" in outcomes:
        return supported(f"{name} is a name of it on record", entity.provenance)
    others = " or ".join(_label(thing.entity, name) for thing in things[:3])
    unclear = next((comparison for comparison in comparisons if comparison.why), None)
    if unclear is not None or meanings.more:
        why = unclear.why if unclear else "or something that is not on record here"
        return unverified(f"{name} is {others} here: {why}")
    source: Provenance | None = things[0].entity.provenance
    which = ", a stereoisomer of it" if "stereoisomer" in outcomes else ""
    return contradicted(f"{name} is {others}{which}, and this is {_label(entity)}", source)


def _nearest(things: Sequence[Meaning], entity: Entity) -> Sequence[Meaning]:
    """Leave out proteins of other organisms where the name is that of one of the same organism."""
    if not isinstance(entity, Protein):
        return things
    proteins = [thing for thing in things if isinstance(thing.entity, Protein)]
    same = [
        thing for thing in proteins if isinstance(thing.entity, Protein) and thing.entity.organism == entity.organism
    ]
    return [thing for thing in things if thing in same or thing not in proteins] if same else things


def _sharers(name: str, entity: Entity, records: Records) -> str:
    """Name the other things that a name of this thing means just as well; empty when it names this thing alone."""
    things = records.meanings(name).things
    own = next((thing for thing in things if thing.entity.handle == entity.handle), None)
    if own is None or own.reason is not None:
        return ""
    return " and ".join(
        _label(thing.entity, name)
        for thing in things
        if type(thing.entity) is type(entity) and _compare_things(thing, entity, name).outcome in _NOT_THE_SAME
    )


def _label(entity: Entity, name: str = "") -> str:
    """Describe a thing so that a reader sees how it differs from another; ``name`` was given before."""
    if isinstance(entity, Molecule):
        known = not entity.name or name_key(entity.name) == name_key(name)
        what = f"{entity.formula or entity.smiles}{f', {entity.handle}' if entity.ids else ''}"
        return f"another compound ({what})" if known and name else f"{entity.name} ({what})" if not known else what
    organism = f" of {entity.organism}" if entity.organism else ""
    called = entity.name or entity.gene or "a protein without a name"
    if name and name_key(called) == name_key(name):
        called = "another protein"
    return f"{called}{organism}{f' ({entity.handle})' if entity.accession else ''}"


class _Comparison(NamedTuple):
    """What a thing that is named is to the thing spoken of."""

    outcome: Literal["same", "another", "stereoisomer", "shared name", "unclear"]
    why: str = ""
    """why it is neither the same nor another for certain"""


_SAME, _ANOTHER = _Comparison("same"), _Comparison("another")
_SHARED_NAME = _Comparison("shared name", "the name may be shared by relatives")
_NOT_THE_SAME = frozenset({"another", "stereoisomer", "shared name"})
"""outcomes for which a name is said to be that of another thing as well"""


def _compare_things(meaning: Meaning, entity: Entity, name: str) -> _Comparison:
    """Compare the thing named with the thing spoken of."""
    other = meaning.entity
    if isinstance(other, Molecule) and isinstance(entity, Molecule):
        return _of_molecules(other, entity)
    if isinstance(other, Protein) and isinstance(entity, Protein):
        return _of_proteins(meaning, other, entity, name)
    structure = other if isinstance(other, Molecule) else entity
    if isinstance(structure, Molecule) and structures.parsed(structure.smiles).HasSubstructMatch(
        structures.pattern(_PEPTIDE)
    ):
        return _Comparison("unclear", "a peptide may be written as a structure or as a sequence")
    return _ANOTHER


def _of_molecules(other: Molecule, entity: Molecule) -> _Comparison:
    if other.inchikey == entity.inchikey:
        return _SAME
    if "*" in entity.smiles or "*" in other.smiles:
        return _Comparison("unclear", "a structure with open positions stands for many")
    relation = structural_relation(other, entity)
    if relation is StructuralRelation.STEREOISOMER:
        undefined = [structures.stereo_stated(molecule)[1] for molecule in (other, entity)]
        return _Comparison("unclear", relation) if any(undefined) else _Comparison("stereoisomer")
    if relation:
        return _Comparison("unclear", relation)
    if other.formula != entity.formula:
        same = _same_complex(other, entity)
        return _Comparison("unclear", "it may be another drawing of the same complex") if same else _ANOTHER
    graphs = [
        rdMolHash.MolHash(Chem.Mol(structures.parsed(molecule.smiles)), rdMolHash.HashFunction.ElementGraph)
        for molecule in (other, entity)
    ]
    rings = [structures.parsed(molecule.smiles).GetRingInfo().NumRings() for molecule in (other, entity)]
    same = graphs[0] == graphs[1] or abs(rings[0] - rings[1]) == 1  # a sugar may be drawn open or closed
    return _Comparison("unclear", "it may be another tautomer or form of it") if same else _ANOTHER


def _same_complex(first: Molecule, second: Molecule) -> bool:
    """Tell whether two metal complexes differ by hydrogen alone, which the way of drawing their bonds decides."""
    heavy = [
        sorted(atom.GetAtomicNum() for atom in structures.parsed(molecule.smiles).GetAtoms())
        for molecule in (first, second)
    ]
    return heavy[0] == heavy[1] and bool(METALS.intersection(heavy[0]))


def _of_proteins(meaning: Meaning, other: Protein, entity: Protein, name: str) -> _Comparison:
    if entity.accession and other.accession.split("-")[0] == entity.accession.split("-")[0]:
        return _Comparison("unclear", "the unchanged protein") if entity.variant else _SAME
    if other.sequence == entity.sequence:
        return _SAME
    if entity.gene and other.gene.casefold() == entity.gene.casefold():
        return _Comparison("unclear", f"the same gene of {other.organism}")
    own = " ".join((entity.name, *entity.synonyms)).lower()
    if not (entity.accession and own.strip()):
        return _Comparison("unclear", "the sequence given has no record here to compare")
    shared = re.search(rf"\b{re.escape(name.lower())}\b", own) is not None
    if other.organism != entity.organism:  # of one enzyme of several organisms not all have a record here
        shared |= any(len(word) >= _MIN_TELLING_CHARS and word in own for word in re.findall(r"[a-z]+", name.lower()))
    vague = re.fullmatch(_BY_WEIGHT, name) or (meaning.reason not in _SURE and not re.search(r"\d", name))
    return _SHARED_NAME if shared or vague else _ANOTHER
