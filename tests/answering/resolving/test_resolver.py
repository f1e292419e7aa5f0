"""The resolver on the shipped index, without network; live sources are played by small fakes in plain sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from biomed_agent.answering.resolving.input_files import read_text_file
from biomed_agent.answering.resolving.inputs import read_sequence
from biomed_agent.answering.resolving.ranking import Policy
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.errors import Ambiguous, BiomedAgentError, InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.fasta import check_residues
from biomed_agent.core.identifiers import smiles_shaped, split_prefix
from biomed_agent.core.types import Molecule, Protein
from biomed_agent.sources.local import LocalIndex

EGFR_LENGTH = 1210


@pytest.fixture(scope="module")
def index(cache_dir: Path) -> LocalIndex:
    return LocalIndex.open(cache_dir)


@pytest.fixture(scope="module")
def resolver(index: LocalIndex) -> Resolver:
    return Resolver(index, None, None)


class FakePubChem:
    """Knows one molecule and remembers what it was asked."""

    def __init__(self, error: BiomedAgentError | None = None) -> None:
        self.asked: list[str] = []
        self.error = error

    def by_name(self, name: str) -> list[Molecule]:
        return self._find(name, "flurbnitrol")

    def by_inchikey(self, key: str) -> list[Molecule]:
        return self._find(key, "")

    def _find(self, asked: str, known: str) -> list[Molecule]:
        self.asked.append(asked)
        if self.error:
            raise self.error
        return [Molecule("CCCC", name=known, ids={"cid": "1"})] if asked == known else []


class FakeUniProt:
    """Knows one human gene, or is out of order."""

    def __init__(self, error: BiomedAgentError | None = None) -> None:
        self.error = error

    def by_gene(self, gene: str, organism_id: int | None = 9606, organism: str = "") -> list[Protein]:
        if self.error:
            raise self.error
        known = Protein("MKT", "Q00001", "flurbnitrol", "FLUR_HUMAN", gene, "Homo sapiens")
        return [known] if gene == "flurbnitrol" else []

    def by_name(self, name: str, organism_id: int | None = None, organism: str = "") -> list[Protein]:
        return []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("aspirin", "acetylsalicylic acid"),
        ("ASPIRIN", "acetylsalicylic acid"),
        ("name:aspirin", "acetylsalicylic acid"),
        ("cid:2244", "acetylsalicylic acid"),
        ("CID 2244", "acetylsalicylic acid"),
        ("50-78-2", "acetylsalicylic acid"),
        ("cas:50-78-2", "acetylsalicylic acid"),
        ("DB00945", "acetylsalicylic acid"),
        ("inchikey:BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "acetylsalicylic acid"),
        ("InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "acetylsalicylic acid"),
        ("CC(=O)Oc1ccccc1C(=O)O", "acetylsalicylic acid"),
        ("O=C(O)c1ccccc1OC(C)=O", "acetylsalicylic acid"),
        ("InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)", "acetylsalicylic acid"),
        ("1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)", "acetylsalicylic acid"),
    ],
)
def test_one_molecule_by_all_its_names(resolver: Resolver, text: str, name: str) -> None:
    found = resolver.resolve(text, "molecule")
    assert found.entity.name == name
    assert found.asked == text
    assert found.why


@pytest.mark.parametrize(
    "text", ["EGFR", "P00533", "uniprot:P00533", "EGFR_HUMAN", "gene:EGFR", "Epidermal growth factor receptor"]
)
def test_one_protein_by_all_its_names(resolver: Resolver, text: str) -> None:
    found = resolver.resolve(text, "protein").entity
    assert isinstance(found, Protein)
    assert (found.accession, found.gene, found.length) == ("P00533", "EGFR", EGFR_LENGTH)


def test_a_sequence_is_named_by_identity(resolver: Resolver, index: LocalIndex) -> None:
    record = index.protein_by_accession("P00533")
    assert record is not None
    found = resolver.resolve(f">mine\n{record.sequence}", "protein")
    assert found.entity.handle == "UNIPROT:P00533"
    assert "identical" in found.why


@pytest.mark.parametrize("word", ["PCP", "COS", "SOS"])
def test_a_homonym_is_asked_back_with_a_string_for_each_meaning(resolver: Resolver, word: str) -> None:
    with pytest.raises(Ambiguous) as caught:
        resolver.resolve(word)
    assert len(caught.value.candidates) >= 2
    assert any(one.handle for one in caught.value.candidates)


def test_policy_best_takes_the_first_and_says_so(resolver: Resolver) -> None:
    notes: list[str] = []
    found = resolver.resolve("PCP", "molecule", policy="best", notes=notes)
    assert found.alternatives
    assert "policy is best" in " ".join(notes)


@pytest.mark.parametrize("word", ["CBC", "SIN", "CCO", "CCN", "xyzzy"])
def test_a_bare_word_is_never_read_as_smiles(resolver: Resolver, word: str) -> None:
    with pytest.raises((NotFound, Ambiguous)):
        resolver.resolve(word, "molecule")


@pytest.mark.parametrize("text", ["C1CC", "c1ccccc1(", "CC(=O", "smiles:hello", "C(C)(C)(C)(C)C"])
def test_a_broken_structure_is_bad_input(resolver: Resolver, text: str) -> None:
    with pytest.raises(InvalidInput):
        resolver.resolve(text, "molecule")


@pytest.mark.parametrize("text", ["cid:abc", "cas:50-78-3", "uniprot:P0053", "drugbank:x", "unii:1", ">one\nMKT"])
def test_a_malformed_identifier_is_bad_input(resolver: Resolver, text: str) -> None:
    with pytest.raises(InvalidInput):
        resolver.resolve(text, None if text.startswith("uniprot") else "molecule")


def test_a_typo_is_suggested_and_not_corrected(resolver: Resolver) -> None:
    with pytest.raises(NotFound) as caught:
        resolver.resolve("ibuprofin", "molecule")
    assert any("ibuprofen" in one.label.lower() for one in caught.value.candidates)


def test_a_variant_is_applied_at_its_position(resolver: Resolver) -> None:
    wild = resolver.resolve("BRAF", "protein").entity
    mutant = resolver.resolve("BRAF V600E", "protein").entity
    assert isinstance(wild, Protein)
    assert isinstance(mutant, Protein)
    assert mutant.variant == "V600E"
    assert (wild.sequence[599], mutant.sequence[599]) == ("V", "E")
    assert wild.sequence[:599] == mutant.sequence[:599]


def test_a_variant_that_does_not_fit_is_bad_input(resolver: Resolver) -> None:
    with pytest.raises(InvalidInput, match="position 600 holds V, not K"):
        resolver.resolve("BRAF K600E", "protein")
    with pytest.raises(InvalidInput, match="beyond its 766 residues"):
        resolver.resolve("BRAF V9999E", "protein")


def test_the_wrong_kind_is_named(resolver: Resolver) -> None:
    with pytest.raises(InvalidInput, match="is a protein"):
        resolver.resolve("P00533", "molecule")


@pytest.mark.parametrize(
    ("name", "kind", "is_a"), [("aspirin", "protein", "molecule"), ("BRAF", "molecule", "protein")]
)
def test_a_name_of_the_other_kind_is_said_to_be_one(resolver: Resolver, name: str, kind: Any, is_a: str) -> None:
    with pytest.raises(NotFound, match=f"is not the name of a {kind}") as caught:
        resolver.resolve(name, kind)
    assert f"It names a {is_a} (" in caught.value.hint
    assert caught.value.candidates == ()


def test_live_sources_are_asked_for_unknown_names_only(index: LocalIndex) -> None:
    pubchem: Any = FakePubChem()
    resolver = Resolver(index, pubchem, None)
    assert resolver.resolve("aspirin").entity.name == "acetylsalicylic acid"
    assert pubchem.asked == []
    assert resolver.resolve("flurbnitrol").entity.name == "flurbnitrol"
    assert pubchem.asked == ["flurbnitrol"]


def test_an_unknown_structure_sends_its_inchikey_and_nothing_else(index: LocalIndex) -> None:
    pubchem: Any = FakePubChem()
    found = Resolver(index, pubchem, None).resolve("smiles:CC1CC(=O)N(C1)c1ccc(cc1)C(=O)NCc1cccnc1F")
    assert "no record" in found.why
    assert isinstance(found.entity, Molecule)
    assert pubchem.asked == [found.entity.inchikey]


@pytest.mark.parametrize("error", [Unavailable("PubChem gave no answer."), Refused("egress policy.")])
def test_a_source_that_fails_is_not_taken_for_an_unknown_name(index: LocalIndex, error: BiomedAgentError) -> None:
    pubchem: Any = FakePubChem(error)
    with pytest.raises(type(error), match="not in the local index"):
        Resolver(index, pubchem, None).resolve("flurbnitrol")
    notes: list[str] = []
    assert Resolver(index, pubchem, None).resolve("smiles:CC1CC(=O)N(C1)c1ccc(cc1)C(=O)NCc1cccnc1F", notes=notes)
    assert notes


def test_file_is_read_only_where_it_is_allowed(index: LocalIndex, tmp_path: Path) -> None:
    path = tmp_path / "aspirin.smi"
    path.write_text("smiles:CC(=O)Oc1ccccc1C(=O)O\n")
    assert Resolver(index, None, None).resolve(f"file:{path}").entity.name == "acetylsalicylic acid"
    with pytest.raises(InvalidInput, match="not allowed"):
        Resolver(index, None, None, files=False).resolve(f"file:{path}")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\x00\x01\xff")
    (tmp_path / "large").write_text("C" * 100)
    for name, says in (
        ("binary", "not a text file"),
        ("large", "larger than"),
        ("none", "cannot be read"),
        ("", "folder"),
    ):
        with pytest.raises(InvalidInput, match=says):
            read_text_file(tmp_path / name, 50)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ATGGCCAAGTTGACCAGTGCC", "DNA"),
        ("AUGGCCAAGUUGACCAGUGCC", "DNA or RNA"),
        ("MKT?", r"'\?'"),
        ("M" * 10_001, "at most 10,000"),
        ("", "no protein sequence"),
    ],
)
def test_sequences_that_are_no_protein(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_sequence(text)


def test_two_records_are_asked_back() -> None:
    with pytest.raises(Ambiguous) as caught:
        read_sequence(">one\nMKTAYIAKQRQISF\n>two\nMSTNPKPQRKTKRN\n")
    assert [one.label for one in caught.value.candidates] == ["one", "two"]


def test_short_peptides_of_a_c_g_t_are_allowed() -> None:
    check_residues("GAGATA")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cid:2244", ("cid", "2244")),
        ("CID: 2244", ("cid", "2244")),
        ("a:b", ("", "a:b")),
        ("cid:", ("", "cid:")),
        ("InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")),
        ("InChI Key: BSYNRYMUTXBXSQ-UHFFFAOYSA-N", ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")),
        ("inchikey:InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")),
        ("InChIKey=", ("", "InChIKey=")),
        ("InChI=1S/CH4/h1H4", ("", "InChI=1S/CH4/h1H4")),
        ("1S/CH4/h1H4", ("inchi", "1S/CH4/h1H4")),
    ],
)
def test_prefixes(text: str, parts: tuple[str, str]) -> None:
    assert split_prefix(text) == parts


@pytest.mark.parametrize(
    ("text", "shaped"),
    [
        ("C1CC", True),
        ("CC(=O", True),
        ("IL-6", False),
        ("p53", False),
        ("IC50", False),
        ("CB1", False),
        ("NOS2", False),
        ("aspirin", False),
        ("B12", False),
    ],
)
def test_what_is_written_like_a_smiles(text: str, shaped: bool) -> None:
    assert smiles_shaped(text) is shaped


@pytest.mark.parametrize("policy", ["ask", "strict"])
def test_a_name_of_a_molecule_and_of_a_protein_is_asked_back(index: LocalIndex, policy: Policy) -> None:
    pubchem: Any = FakePubChem()
    uniprot: Any = FakeUniProt()
    resolver = Resolver(index, pubchem, uniprot)
    with pytest.raises(Ambiguous, match="a molecule and a protein") as caught:
        resolver.resolve("flurbnitrol", policy=policy)
    assert {one.handle for one in caught.value.candidates} == {"CID:1", "UNIPROT:Q00001"}
    assert resolver.resolve("flurbnitrol", "molecule", policy=policy).kind == "molecule"
    assert resolver.resolve("flurbnitrol", "protein", policy=policy).kind == "protein"
    assert resolver.resolve("flurbnitrol", policy="best").alternatives


def test_a_service_that_could_have_known_another_meaning_is_noted(index: LocalIndex) -> None:
    pubchem: Any = FakePubChem()
    uniprot: Any = FakeUniProt(Unavailable("UniProt is down."))
    notes: list[str] = []
    assert Resolver(index, pubchem, uniprot).resolve("flurbnitrol", notes=notes).entity.handle == "CID:1"
    assert notes == ["flurbnitrol may mean something else as well: UniProt is down."]


@pytest.mark.parametrize("policy", ["ask", "strict"])
@pytest.mark.parametrize("text", ["unii:ABCDEFGHIJ", "chembl:CHEMBL999999999"])
def test_an_identifier_of_several_records_is_asked_back(index: LocalIndex, text: str, policy: Policy) -> None:
    class Several:
        def by_name(self, name: str) -> list[Molecule]:
            return [Molecule("CC[NH3+].[Cl-]", name="salt", ids={"cid": "7001"}), Molecule("CCN", ids={"cid": "7002"})]

    pubchem: Any = Several()
    resolver = Resolver(index, pubchem, None)
    with pytest.raises(Ambiguous) as caught:
        resolver.resolve(text, "molecule", policy=policy)
    assert [one.handle for one in caught.value.candidates] == ["CID:7001", "CID:7002"]
    notes: list[str] = []
    best = resolver.resolve(text, "molecule", policy="best", notes=notes)
    assert (best.entity.handle, [one.handle for one in best.alternatives]) == ("CID:7001", ["CID:7002"])
    assert "policy is best" in notes[0]


@pytest.mark.parametrize("text", ["HAEGTFTSDVSSYLEGQAAK", "giveqcctsicslyqlenycn"])
def test_a_short_peptide_is_a_sequence_and_nobody_is_asked_for_its_name(index: LocalIndex, text: str) -> None:
    pubchem: Any = FakePubChem()
    found = Resolver(index, pubchem, None).resolve(text).entity
    assert isinstance(found, Protein)
    assert found.sequence == text.upper()
    assert not pubchem.asked


def test_a_name_in_capitals_is_no_sequence(resolver: Resolver) -> None:
    with pytest.raises(NotFound):
        resolver.resolve("HYDROXYPROPYLMETHYLCELLULOSE")
