"""The local index over a small hand-written folder of tables."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from biomed_agent.core import name_matching
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Molecule, Protein
from biomed_agent.sources.local import LocalIndex, files
from biomed_agent.sources.local.schema import SCHEMA_VERSION, build_index

ASPIRIN, IMATINIB, MESYLATE = (
    "BSYNRYMUTXBXSQ-UHFFFAOYSA-N",
    "KTUFNOKKBVMGRW-UHFFFAOYSA-N",
    "YLMAHDNUQAMNNX-UHFFFAOYSA-N",
)
TABLES = {
    "molecules": [
        "inchikey name smiles formula weight cid chebi drugbank cas unii chembl parent salt synonyms classes roles "
        "source",
        f"{ASPIRIN} acetylsalicylic~acid CC(=O)Oc1ccccc1C(=O)O C9H8O4 180.159 2244 CHEBI:15365 DB00945 50-78-2 "
        "R16CO5Y76E - - - aspirin|2-acetoxybenzoic~acid|ASA CHEBI:22723~benzoic~acids CHEBI:35475~NSAID "
        "ChEBI~CHEBI:15365",
        f"{IMATINIB} imatinib Cc1ccccc1 C29H31N7O 493.615 5291 - DB00619 - - CHEMBL941 - - STI-571 - - "
        "PubChem~CID~5291",
        f"{MESYLATE} imatinib~mesylate CS(=O)(=O)O.Cc1ccccc1 C30H35N7O4S 589.722 - - - - - - "
        f"{IMATINIB} 1~imatinib~+~1~methanesulfonic~acid - - - Composed~1~imatinib~+~1~methanesulfonic~acid",
        "XLYOFNOQVPJJNP-UHFFFAOYSA-N water O H2O 18.015 962 - - - - - - - - - - PubChem~CID~962",
        "WPYMKLBDIGXBTP-UHFFFAOYSA-N benzoic~acid O=C(O)c1ccccc1 C7H6O2 122.123 243 - - - - - - - - - - "
        "PubChem~CID~243",
        "WQZGKKKJIJFFOK-GASJEMHNSA-N D-glucose OC1OCCC1 C6H12O6 180.156 5793 - - - - - - - glucose - - "
        "PubChem~CID~5793",
        "VYFYYTLLBUKUHU-UHFFFAOYSA-N dopamine NCCc1ccc(O)c(O)c1 C8H11NO2 153.181 681 - - - - - - - - - - "
        "PubChem~CID~681",
    ],
    "proteins": [
        "accession entry_name name gene organism taxon_id alternative_names gene_synonyms ec families locations "
        "topologies go sequence name_source source",
        "P00520 ABL1_MOUSE Tyrosine-protein~kinase~ABL1 Abl1 Mus~musculus 10090 - - - - - - - MLEICLKLVG - "
        "UniProt~P00520",
        "P00519 ABL1_HUMAN Tyrosine-protein~kinase~ABL1 ABL1 Homo~sapiens 9606 Proto-oncogene~c-Abl ABL|JTK7 2.7.10.2 "
        "protein~kinase~superfamily Cytoplasm|Nucleus - GO:0005524~F~ATP~binding MLEICLKLVGCKSK UniProt UniProt~P00519",
        "P04040 CATA_HUMAN Catalase CAT Homo~sapiens 9606 - - 1.11.1.6 - Peroxisome - - MADSRDPASDQM - UniProt~P04040",
        "P00395 COX1_HUMAN Cytochrome~c~oxidase~subunit~1 MT-CO1 Homo~sapiens 9606 - COI - - - - - MFADRWLFS - "
        "UniProt~P00395",
        "P23219 PGH1_HUMAN Prostaglandin~G/H~synthase~1 PTGS1 Homo~sapiens 9606 - COX-1 - - - - - MSRSLLLRF - "
        "UniProt~P23219",
        "P01375 TNFA_HUMAN Tumor~necrosis~factor TNF Homo~sapiens 9606 TNF-alpha - - - - - - MSTESMIRDV - "
        "UniProt~P01375",
        "P07225 PROS_HUMAN protein~S PROS1 Homo~sapiens 9606 - - - - - - - MRVLGGRCGA - UniProt~P07225",
    ],
    "affinities": [
        "inchikey accession measure relation value unit source",
        f"{IMATINIB} P00519 Kd = 1.1 nM DAVIS~ABL1~x~CID~5291",
        f"{IMATINIB} P04040 Kd >= 10000 nM DAVIS~CAT~x~CID~5291",
        f"{IMATINIB} P00519 KIBA~score = 12.5 - KIBA~CHEMBL941~x~P00519",
        f"{ASPIRIN} P00519 Kd = 0.5 nM DAVIS~ABL1~x~CID~2244",
        "UNKNOWNUNKNOWN-UHFFFAOYSA-N P00519 Kd = 1 nM DAVIS~nobody",
    ],
    "brands": ["brand name", "Gleevec imatinib~mesylate"],
    "aliases": ["alias accession", "c-Abl P00519"],
    "homonyms": [
        "name label kind handle",
        "COX1 cyclooxygenase-1 protein UNIPROT:P23219",
        "COX1 cytochrome~c~oxidase~subunit~1 protein UNIPROT:P00395",
        "CAT catalase protein UNIPROT:P04040",
        "CAT the~animal other -",
    ],
    "sources": [
        "key name licence url",
        "ChEBI ChEBI CC~BY~4.0 https://example.org/chebi/{}",
        "UniProt UniProtKB CC~BY~4.0 https://example.org/uniprot/{}",
        "PubChem PubChem public~domain https://example.org/cid/{}",
    ],
}


def write_tables(folder: Path, **changed: list[str]) -> Path:
    """Write the tables above: a space separates cells, ``~`` is a space within one, ``-`` alone an empty one."""
    folder.mkdir(exist_ok=True)
    for name, rows in {**TABLES, **changed}.items():
        cells = [["" if cell == "-" else cell for cell in row.split(" ")] for row in rows]
        header, body = cells[0], [[cell.replace("~", " ") for cell in row] for row in cells[1:]]
        (folder / f"{name}.tsv").write_text("\n".join("\t".join(row) for row in [header, *body]) + "\n")
    return folder


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    path = build_index(write_tables(folder), folder / "small.sqlite")
    with LocalIndex([files.open_file(path)]) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Aspirin", " aspirin "),
        ("COX-2", "cox 2"),
        ("COX-2", "COX2"),
        ("TNF-α", "TNF alpha"),
        ("TNF-α", "tnfalpha"),
        ("17β-estradiol", "17beta-estradiol"),
        (".alpha.-pinene", "alpha-pinene"),
        ("acide acétylsalicylique", "Acide acetylsalicylique"),
        ("N,N‑dimethyltryptamine", "N,N-Dimethyltryptamine"),
        ("adenosine 5′-phosphate", "adenosine 5'-phosphate"),
        ("Lipitor®", "lipitor"),
        ("morphine sulphate", "Morphine sulfate"),
        ("Sulphur", "sulfur"),
        ("α-sulpho-stearate", "alpha-sulfo-stearate"),
    ],
)
def test_spellings_of_one_name(name, other):
    assert name_matching.name_key(name) == name_matching.name_key(other) != ""


@pytest.mark.parametrize(
    ("name", "other"),
    [("(+)-nicotine", "(-)-nicotine"), ("NAD+", "NAD"), ("chloride(1-)", "chloride(1+)"), ("IL-1", "IL-2")],
)
def test_names_that_differ(name, other):
    assert name_matching.name_key(name) != name_matching.name_key(other)


def test_molecule_by_name_says_why(index):
    [(molecule, why)] = index.molecules_named("Acetylsalicylic  Acid")
    assert (molecule.inchikey, why.words) == (ASPIRIN, "exact name")
    assert (molecule.formula, molecule.weight, molecule.ids["cid"]) == ("C9H8O4", 180.159, "2244")
    assert molecule.handle == "CID:2244"
    assert molecule.provenance.source == "ChEBI"
    assert molecule.provenance.identifier == "CHEBI:15365"
    assert molecule.provenance.url == "https://example.org/chebi/CHEBI:15365"
    assert molecule.provenance.licence == "CC BY 4.0"
    assert [(item.inchikey, why.words) for item, why in index.molecules_named("ASPIRIN")] == [
        (ASPIRIN, "exact synonym")
    ]
    assert [(item.inchikey, why.words) for item, why in index.molecules_named("gleevec")] == [(MESYLATE, "brand name")]
    assert index.molecules_named("asprin") == []


@pytest.mark.parametrize(
    ("namespace", "value"),
    [("cid", "2244"), ("CID", "CID:2244"), ("chebi", "15365"), ("chebi", "CHEBI:15365"), ("drugbank", "db00945"),
     ("cas", "50-78-2"), ("unii", "r16co5y76e")],
)  # fmt: skip
def test_molecule_by_identifier(index, namespace, value):
    molecule = index.molecule_by_id(namespace, value)
    assert molecule is not None
    assert molecule.inchikey == ASPIRIN
    assert index.molecule_by_id(namespace, "999999") is None


def test_molecule_by_inchikey_and_first_block(index):
    assert [molecule.name for molecule in index.molecules_by_inchikey(ASPIRIN)] == ["acetylsalicylic acid"]
    assert [molecule.name for molecule in index.molecules_by_inchikey("BSYNRYMUTXBXSQ")] == ["acetylsalicylic acid"]
    assert index.molecules_by_inchikey("BSYNRYMUTXBXSQ-AAAAAAAAAA-N") == []


def test_parents_and_salts(index):
    [(salt, _)] = index.molecules_named("imatinib mesylate")
    parent = index.parent_of(salt)
    assert parent is not None
    assert parent.name == "imatinib"
    assert [molecule.name for molecule in index.salts_of(parent)] == ["imatinib mesylate"]
    assert index.parent_of(parent) is None
    [fact] = [fact for fact in index.facts(salt) if fact.predicate == "parent compound"]
    assert (fact.value, fact.note) == ("imatinib (CID:5291)", "1 imatinib + 1 methanesulfonic acid")
    [fact] = [fact for fact in index.facts(parent) if fact.predicate == "salt form"]
    assert fact.value == f"imatinib mesylate ({MESYLATE})"


def test_protein_by_name_human_first(index):
    proteins = [(protein.entry_name, why.words) for protein, why in index.proteins_named("abl1")]
    assert proteins == [("ABL1_HUMAN", "gene"), ("ABL1_MOUSE", "gene")]
    assert [why.words for _, why in index.proteins_named("Tyrosine-protein kinase ABL1")] == ["recommended name"] * 2
    assert [(protein.accession, why.words) for protein, why in index.proteins_named("c-ABL")] == [("P00519", "alias")]
    assert [(item.accession, why.words) for item, why in index.proteins_named("JTK7")] == [("P00519", "gene synonym")]
    assert [why.words for _, why in index.proteins_named("Proto-oncogene c-Abl")] == ["alternative name"]


def test_protein_by_identifier_and_sequence(index):
    protein = index.protein_by_accession("p00519")
    assert protein is not None
    assert (protein.gene, protein.organism, protein.taxon_id, protein.reviewed) == ("ABL1", "Homo sapiens", 9606, True)
    assert protein.synonyms == ("Proto-oncogene c-Abl", "ABL", "JTK7", "c-Abl")
    assert index.protein_by_entry_name("ABL1_HUMAN") == protein
    assert index.protein_by_sequence(" mleiclklvg CKSK\n") == protein
    assert index.protein_by_sequence("MLEICLKLVGCKS") is None


def test_homonyms(index):
    assert [(homonym.label, homonym.kind, homonym.handle) for homonym in index.homonyms("cat")] == [
        ("catalase", "protein", "UNIPROT:P04040"),
        ("the animal", "other", ""),
    ]
    assert len(index.homonyms("COX1")) == 2
    assert index.homonyms("COX-1") == []  # stored with just this hyphen, so not ambiguous
    assert index.homonyms("aspirin") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the mass of Aspirin?", ["Aspirin"]),
        ("Does imatinib bind ABL1, or TNF-α?", ["imatinib", "ABL1", "TNF-α"]),
        ("aspirin's weight; two aspirins", ["aspirin", "aspirin"]),
        ("imatinib mesylate (Gleevec)", ["imatinib mesylate", "Gleevec"]),
        ("imatinib-resistant ABL1-mutant cells", ["imatinib", "ABL1"]),
        ("Can a cat do what for me?", []),
        ("CAT activity", ["CAT"]),
        ("iron and water levels", []),
        ("What is the mass of water?", ["water"]),
        ("2-(acetyloxy)benzoic acid", []),
        ("p-benzoic acid", []),
        ("glucose-6-phosphate", []),
        ("the dopamine transporter binds dopamine", ["dopamine"]),
        ("as a whole, proteins fold", []),
        ("ASA, COX-1/COX1", ["ASA", "COX-1", "COX1"]),
        ("tyrosine-protein kinase ABL1 of man", ["tyrosine-protein kinase ABL1"]),
        ("aspirin. imatinib", ["aspirin", "imatinib"]),
        ("CC(=O)Oc1ccccc1C(=O)O", []),
        ("", []),
    ],
)
def test_known_names_in_a_text(index, text, expected):
    spans = index.lexicon_spans(text)
    assert [name for _, _, name in spans] == expected
    assert all(text[start:end].startswith(name) for start, end, name in spans)
    assert all(span[1] <= other[0] for span, other in pairwise(spans))


def test_suggestions_nearest_first(index):
    assert [entity.handle for entity in index.suggest("asprin")] == ["CID:2244"]
    assert index.suggest("imatanib")[0].label == "imatinib"
    assert index.suggest("ALB1")[0].handle == "UNIPROT:P00519"
    assert index.suggest("xyzzy") == []
    assert index.suggest("x") == []
    assert len(index.suggest("imatinib", limit=1)) == 1


@pytest.mark.parametrize(
    ("word", "other", "distance"), [("", "abc", 3), ("egrf", "egfr", 1), ("kitten", "sitting", 3), ("same", "same", 0)]
)
def test_edit_distance(word, other, distance):
    assert name_matching.edit_distance(word, other) == name_matching.edit_distance(other, word) == distance


def test_facts_with_their_source(index):
    [(aspirin, _)] = index.molecules_named("aspirin")
    facts = index.facts(aspirin)
    assert [(fact.predicate, fact.value) for fact in facts] == [
        ("ChEBI class", "benzoic acids"),
        ("ChEBI role", "NSAID"),
    ]
    assert {fact.provenance.identifier for fact in facts} == {"CHEBI:15365"}
    assert {fact.subject for fact in facts} == {"CID:2244"}
    facts = index.facts(index.protein_by_accession("P00519"))
    assert [(fact.predicate, fact.value) for fact in facts] == [
        ("EC number", "2.7.10.2"),
        ("protein family", "protein kinase superfamily"),
        ("subcellular location", "Cytoplasm"),
        ("subcellular location", "Nucleus"),
        ("GO molecular function", "ATP binding"),
    ]
    assert {fact.provenance.source for fact in facts} == {"UniProtKB"}
    assert index.facts(Molecule("CC", "OTMSDBZUPAUEDD-UHFFFAOYSA-N")) == []
    assert index.facts(Protein("MKV")) == []


def test_activities_of_a_pair_and_of_one(index):
    [(imatinib, _)] = index.molecules_named("imatinib")
    abl, catalase = index.protein_by_accession("P00519"), index.protein_by_accession("P04040")
    assert abl is not None
    assert catalase is not None
    facts = index.activities(imatinib, abl)
    assert [(fact.predicate, fact.value, fact.unit, fact.note) for fact in facts] == [
        ("Kd", 1.1, "nM", ""),
        ("KIBA score", 12.5, "", ""),
    ]
    [bound] = index.activities(imatinib, catalase)
    assert (bound.relation, bound.value, bound.amount) == (">=", 10000.0, ">=10000")
    assert bound.note == "no binding seen up to 10 uM"
    assert {(fact.kind, fact.about, fact.about_name) for fact in facts} == {("measured", "UNIPROT:P00519", "ABL1")}
    assert {fact.about for fact in index.activities_of(abl)} == {"CID:2244", "CID:5291"}
    assert [fact.note for fact in index.activities_of(abl)] == [
        "acetylsalicylic acid (CID:2244)",
        "imatinib (CID:5291)",
        "imatinib (CID:5291)",
    ]
    assert [(fact.value, fact.note) for fact in index.activities_of(imatinib, 1)] == [(1.1, "ABL1 (UNIPROT:P00519)")]
    variant = Protein("MLEICLKLVGCKSK", accession="P00519", variant="T315I")
    assert index.facts(variant) == []
    assert index.activities_of(variant) == []


def test_stats_name_the_origin(index):
    [file] = index.stats()["files"]
    assert (file["molecule"], file["protein"], file["activity"], file["homonym"]) == (7, 7, 4, 4)
    assert file["schema_version"] == str(SCHEMA_VERSION)
    assert len(file["digest"]) == 64


def test_own_index_comes_before_the_starter_set(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "STARTER", write_tables(tmp_path / "starter"))
    mine = [TABLES["molecules"][0], TABLES["molecules"][1].replace("180.159", "999")]
    folder = write_tables(tmp_path / "mine", molecules=mine, affinities=TABLES["affinities"][:1], brands=["brand name"])
    path = build_index(folder, tmp_path / "mine.sqlite")
    with LocalIndex.open(tmp_path / "cache", [path]) as both:
        assert [molecule.weight for molecule, _ in both.molecules_named("aspirin")] == [999.0]
        assert [molecule.name for molecule, _ in both.molecules_named("Gleevec")] == ["imatinib mesylate"]
        assert len(both.stats()["files"]) == 2
        assert len(both.homonyms("CAT")) == 2  # both files hold it, said once


def test_starter_index_is_built_once_and_mended(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "STARTER", write_tables(tmp_path / "starter"))
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: LocalIndex.open(cache), range(4)))
    assert all(index.molecules_named("aspirin") for index in opened)
    [path] = cache.iterdir()  # no .partial left behind
    before = path.stat().st_mtime_ns
    LocalIndex.open(cache).close()
    assert path.stat().st_mtime_ns == before
    path.write_bytes(b"damaged")
    assert LocalIndex.open(cache).molecules_named("aspirin")
    write_tables(tmp_path / "starter", homonyms=TABLES["homonyms"][:3])
    LocalIndex.open(cache).close()
    assert len(list(cache.iterdir())) == 2  # other contents, another file


def test_unwritable_cache_builds_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "STARTER", write_tables(tmp_path / "starter"))
    (tmp_path / "file").write_text("in the way")
    with LocalIndex.open(tmp_path / "file") as opened:
        assert opened.molecules_named("aspirin")


def test_index_cannot_be_written(index):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        index._files[0].connection.execute("DELETE FROM name")


def test_foreign_files_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="does not exist"):
        LocalIndex.open(tmp_path, [tmp_path / "nothing.sqlite"])
    (tmp_path / "text.sqlite").write_text("not a database at all" * 10)
    with pytest.raises(InvalidInput, match="not a biomed_agent index"):
        LocalIndex.open(tmp_path, [tmp_path / "text.sqlite"])
    path = build_index(write_tables(tmp_path / "tables"), tmp_path / "old.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '0' WHERE key = 'schema_version'")
    with pytest.raises(InvalidInput, match="schema version 0"):
        LocalIndex.open(tmp_path, [path])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"molecules": [TABLES["molecules"][0], "ONLY three cells"]}, "line 2 has 3 cells; expected 17"),
        ({"brands": ["brand name", "Nothing nowhere"]}, "brands.tsv names molecules"),
        ({"aliases": ["alias accession", "x P99999"]}, "aliases.tsv names accessions"),
    ],
)
def test_unreadable_tables_are_refused(tmp_path, changed, message):
    folder = write_tables(tmp_path / "tables", **changed)
    with pytest.raises(InvalidInput, match=message):
        build_index(folder, tmp_path / "out.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]  # nothing half-written stays


def test_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="holds no table"):
        build_index(tmp_path, tmp_path / "out.sqlite")
