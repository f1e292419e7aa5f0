"""The starter set as it ships: proved structures, sources, no sentences, and the names people ask for."""

from __future__ import annotations

import json
import lzma
import re
import subprocess
import sys
from collections import Counter

import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize

from biomed_agent.core.name_matching import name_key
from biomed_agent.sources.local import STARTER, LocalIndex
from biomed_agent.sources.local.schema import read_table
from tests.helpers.places import ROOT, SHARED

DATA = SHARED / "data"
PACKED_LIMIT = 3_000_000
SOURCE_SHAPES = {
    "ChEBI": r"CHEBI:\d+",
    "PubChem": r"CID \d+",
    "DrugBank": r"DB\d{5}",
    "UniProt": r"[A-Z0-9]{6,10}",
    "Composed": r"\d+ .+",
    "DAVIS": r"\S+ x CID \d+",
    "KIBA": r"CHEMBL\d+ x [A-Z0-9]{6}",
    **dict.fromkeys(
        ("BindingDB2015", "BindingDB2015-ChEMBL", "BindingDB2015-PDSP", "BindingDB2015-PubChem"),
        r"[A-Z0-9]{6,10} x monomer \d+",
    ),
}


@pytest.fixture(scope="module")
def index(cache_dir):
    with LocalIndex.open(cache_dir) as opened:
        yield opened


@pytest.fixture(scope="module")
def molecules():
    return list(read_table(STARTER, "molecules"))


@pytest.fixture(scope="module")
def proteins():
    return list(read_table(STARTER, "proteins"))


@pytest.fixture(scope="module")
def affinities():
    return list(read_table(STARTER, "affinities"))


def test_size_and_counts(molecules, proteins, affinities):
    assert sum(path.stat().st_size for path in STARTER.iterdir()) <= PACKED_LIMIT
    assert len(molecules) >= 7000
    assert len(proteins) >= 4000
    assert sum(row["taxon_id"] == "9606" for row in proteins) >= 3000
    assert len(affinities) >= 10_000
    assert sum(1 for _ in read_table(STARTER, "brands")) >= 300
    assert sum(bool(row["parent"]) for row in molecules) >= 200
    assert sum(bool(row["classes"] or row["roles"]) for row in molecules) >= 2000


def test_every_structure_derives_its_row(molecules):
    for row in molecules:
        mol = Chem.MolFromSmiles(row["smiles"])
        assert mol is not None, row["name"]
        assert Chem.MolToSmiles(mol) == row["smiles"], row["name"]
        assert Chem.MolToInchiKey(mol) == row["inchikey"], row["name"]
        assert rdMolDescriptors.CalcMolFormula(mol) == row["formula"], row["name"]
        assert float(row["weight"]) == pytest.approx(Descriptors.MolWt(mol), abs=0.001), row["name"]  # type: ignore[attr-defined]


def test_keys_are_unique(molecules, proteins):
    assert not [key for key, number in Counter(row["inchikey"] for row in molecules).items() if number > 1]
    assert not [key for key, number in Counter(name_key(row["name"]) for row in molecules).items() if number > 1]
    assert not [key for key, number in Counter(row["accession"] for row in proteins).items() if number > 1]


def test_every_row_names_a_source_with_licence(molecules, proteins, affinities):
    sources = {row["key"]: row for row in read_table(STARTER, "sources")}
    assert all(row["licence"] for row in sources.values())
    for row in [*molecules, *proteins, *affinities]:
        key, _, identifier = row["source"].partition(" ")
        assert key in sources, row["source"]
        assert re.fullmatch(SOURCE_SHAPES[key], identifier), row["source"]
    assert {row["name_source"] for row in proteins} <= {"UniProt", "HGNC", ""}


def test_structures_without_a_record_are_composed_of_molecules_of_the_set(molecules):
    by_key = {row["inchikey"]: row for row in molecules}
    uncharger = rdMolStandardize.Uncharger(force=True)
    for row in molecules:
        if not row["parent"]:
            assert not row["source"].startswith("Composed"), row["name"]
            continue
        parent = by_key[row["parent"]]
        neutral = [uncharger.uncharge(Chem.MolFromSmiles(part)) for part in row["smiles"].split(".")]
        assert parent["inchikey"][:14] in {Chem.MolToInchiKey(mol)[:14] for mol in neutral}, row["name"]
        assert Chem.GetFormalCharge(Chem.MolFromSmiles(row["smiles"])) == 0, row["name"]
        counts = sum(int(number) for number in re.findall(r"(?:^| \+ )(\d+) ", row["salt"]))
        assert counts <= len(neutral), row["name"]  # a part such as cisplatin has several fragments itself


def test_no_sentences(molecules, proteins):
    listed = {"molecules": ("classes", "roles", "synonyms"), "proteins": ("families", "locations", "topologies", "go")}
    sentence = re.compile(r"[a-z]{3}\.\s+[A-Z]|\b(is|are|was|which|that|used|may|has been)\b .* ")
    for name, rows in (("molecules", molecules), ("proteins", proteins)):
        for row in rows:
            values = [value for column in listed[name] for value in row[column].split("|") if value]
            for value in [row["name"], *values]:
                assert len(value) <= 200, value
                assert not sentence.search(value), value
    assert not any("{ECO" in cell or "PubMed:" in cell for row in proteins for cell in row.values())


def test_every_article_is_free_by_its_own_licence_and_named_on_the_page():
    rows = list(read_table(STARTER, "articles"))
    page = (STARTER / "ARTICLES.md").read_text(encoding="utf-8")
    terms = (ROOT / "LICENSE-TEXTS").read_text(encoding="utf-8")
    assert len(rows) == 300
    assert len({row["pmid"] for row in rows}) == 300
    assert (STARTER / "articles.tsv.xz").stat().st_size <= 350_000
    for row in rows:
        assert re.fullmatch(r"PMC\d+", row["pmcid"])
        assert row["pmid"].isdigit()
        assert re.fullmatch(r"CC BY [234]\.[05]|CC0 1\.0", row["licence"])
        assert f"  {row['licence']}  " in terms
        assert re.search(rf"^\| \[{row['pmcid']}\].*\| {re.escape(row['licence'])} \|$", page, re.MULTILINE), row[
            "pmcid"
        ]
        assert 800 <= len(row["abstract"]) <= 2_800


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="the data folder does not lie beside the checkout")
def test_no_article_is_one_of_pubmedqa():
    asked = json.loads(lzma.decompress((DATA / "pubmedqa" / "ori_pqal_shared.json.xz").read_bytes()))
    assert not asked.keys() & {row["pmid"] for row in read_table(STARTER, "articles")}


def test_terms_look_like_terms(molecules, proteins):
    for row in molecules:
        for term in filter(None, f"{row['classes']}|{row['roles']}".split("|")):
            assert re.fullmatch(r"CHEBI:\d* \S.*", term), term
    for row in proteins:
        assert all(re.fullmatch(r"\d+\.[\d-]+\.[\d-]+\.n?[\d-]+", ec) for ec in filter(None, row["ec"].split("|")))
        assert all(family.endswith("family") for family in filter(None, row["families"].split("|")))
        assert all(re.fullmatch(r"GO:\d{7} [FPC] .+", term) for term in filter(None, row["go"].split("|")))


def test_sequences_are_amino_acids(proteins):
    for row in proteins:
        assert re.fullmatch("[ACDEFGHIKLMNPQRSTVWYXUBZO]{20,5000}", row["sequence"]), row["accession"]


def test_names_are_not_poisoned(molecules):
    for row in molecules:
        for name in filter(None, row["synonyms"].split("|")):
            assert len(name) >= 2, (row["name"], name)
            assert re.search("[^\\W\\d_]", name), (row["name"], name)
    english = {"balance", "monitor", "dimension", "cascade", "impact", "same as", "water soluble", "nmda", "vinegar"}
    assert not [row["name"] for row in molecules for name in row["synonyms"].split("|") if name.lower() in english]


def test_brands_mean_one_marketed_form(index):
    for row in read_table(STARTER, "brands"):
        molecules = index.molecules_named(row["brand"])
        assert [(molecule.name, why.words) for molecule, why in molecules] == [(row["name"], "brand name")], row[
            "brand"
        ]
        assert not index.homonyms(row["brand"])


def test_aliases_are_of_their_gene(proteins):
    genes = {row["accession"]: row["gene"] for row in proteins}
    rows = list(read_table(STARTER, "aliases"))
    assert len(rows) >= 400
    assert not [row for row in rows if genes[row["accession"]] != row["gene"]]


def test_homonyms_name_things_that_exist(index):
    meanings: dict[str, list[dict[str, str]]] = {}
    for row in read_table(STARTER, "homonyms"):
        meanings.setdefault(row["name"], []).append(row)
        kind, _, value = row["handle"].partition(":")
        if kind == "UNIPROT":
            assert row["kind"] == "protein"
            assert index.protein_by_accession(value), row
        elif kind == "smiles":
            assert Chem.MolFromSmiles(value) is not None, row
        elif len(row["handle"]) == 27:
            assert index.molecules_by_inchikey(row["handle"]), row
        elif row["handle"]:
            assert row["kind"] == "molecule"
            assert index.molecule_by_id(kind, value), row
        else:
            assert row["kind"] in ("molecule", "protein", "other"), row
    assert len(meanings) >= 200
    assert all(len(rows) >= 2 for rows in meanings.values())
    assert len({name_key(name) for name in meanings}) == len(meanings)
    for name in ("aspirin", "EGFR", "p53", "imatinib", "HER2", "caffeine", "THC", "COX-2", "insulin", "mTOR", "ATP"):
        assert index.homonyms(name) == [], name
    for name in ("PCP", "COX1", "MTX", "p38", "PSA", "CAT", "NO", "CO", "AR", "ER", "NOS", "p40", "hk2"):
        assert len(index.homonyms(name)) >= 2, name


def test_affinities_are_of_wild_types(index, affinities):
    wild = re.compile(
        r"[^()]+(?:\((?:JH\ddomain-(?:catalytic|pseudokinase)|KinDom\.\d-[NC]-terminal|Pfalciparum|Mtuberculosis)\))?"
        r" x .*"
    )
    for row in affinities:
        if row["source"].startswith("BindingDB2015"):
            continue
        assert (row["relation"] == ">=") == (row["measure"] == "Kd" and float(row["value"]) >= 10_000), row
        assert wild.fullmatch(row["source"]), row
        assert bool(row["construct"]) == (
            "domain" in row["source"] or "KinDom" in row["source"] or "cyclin" in row["source"]
        )
        assert float(row["value"]) > 0
    assert Counter(row["measure"] for row in affinities).keys() == {"Kd", "Ki", "IC50", "KIBA score"}
    [(imatinib, _)] = index.molecules_named("imatinib")
    facts = index.activities(imatinib, index.protein_by_accession("P00519"))
    assert (facts[0].predicate, facts[0].value, facts[0].unit) == ("Kd", 1.1, "nM")
    [(gefitinib, _)] = index.molecules_named("gefitinib")
    assert index.activities_of(gefitinib, 1)[0].note == "EGFR (UNIPROT:P00533)"


def test_values_of_bindingdb_have_no_relation(affinities):
    """The table lost it; which rows are under which licence says their source."""
    rows = [row for row in affinities if row["source"].startswith("BindingDB2015")]
    assert len(rows) >= 6000
    for row in rows:
        assert (row["relation"], row["unit"], row["construct"]) == ("", "nM", ""), row
        assert row["measure"] in ("Kd", "Ki", "IC50")
        assert int(row["replicates"]) >= 1
        assert all(re.fullmatch(r"PMID:\d+", ref) for ref in filter(None, row["refs"].split("|"))), row
        assert 1e-3 <= float(row["value"]) <= 1e9
    licences = {row["key"]: row["licence"] for row in read_table(STARTER, "sources")}
    shared_alike = [row for row in rows if licences[row["source"].split(" ")[0]] == "CC BY-SA 3.0"]
    assert 0 < len(shared_alike) < len(rows)
    assert (STARTER / "affinities.tsv.xz").stat().st_size < 400_000


def test_bindingdb_repeats_no_measurement_of_davis(affinities):
    davis = {(row["inchikey"], row["accession"]) for row in affinities if row["source"].startswith("DAVIS")}
    paper = [row for row in affinities if "PMID:22037378" in row["refs"].split("|")]
    assert paper
    assert not [row for row in paper if (row["inchikey"], row["accession"]) in davis]


def test_constructs_of_one_protein_are_told_apart(index):
    [(staurosporine, _)] = index.molecules_named("staurosporine")
    jak1 = index.activities(staurosporine, index.protein_by_accession("P23458"))
    assert {(fact.predicate, fact.construct) for fact in jak1} >= {
        ("Kd", "JH1 domain, catalytic"), ("Kd", "JH2 domain, pseudokinase")
    }  # fmt: skip
    assert all(fact.construct in fact.note for fact in jak1)
    genes = {fact.about_name for fact in index.partners(staurosporine, "Kd").facts}
    assert {"JAK1", "JAK2", "JAK3", "TYK2", "CDK4", "NTRK1", "PTK2", "RPS6KA1"} <= genes


def test_what_a_text_of_chebi_states_is_a_class_or_a_role(molecules):
    by_name = {row["name"]: row for row in molecules}
    assert "CHEBI:35498 diuretic" in by_name["furosemide"]["roles"]
    assert "CHEBI:35475 non-steroidal anti-inflammatory drug" in by_name["acetylsalicylic acid"]["roles"]
    assert "CHEBI: phenols" in by_name["acetaminophen"]["classes"].split("|")
    stated = {
        column: {term for row in molecules for term in row[column].split("|")} - {""} for column in ("classes", "roles")
    }
    assert not stated["classes"] & stated["roles"]


ASKED_MOLECULES = {
    "aspirin": "BSYNRYMUTXBXSQ-UHFFFAOYSA-N",
    "paracetamol": "RZVAJINKPMORJF-UHFFFAOYSA-N",
    "caffeine": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
    "glucose": "WQZGKKKJIJFFOK-GASJEMHNSA-N",
    "water": "XLYOFNOQVPJJNP-UHFFFAOYSA-N",
    "ethanol": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
    "cholesterol": "HVYWMOMLDIMFJA-DPAQBDIFSA-N",
    "adrenaline": "UCTWMZQNUQWSLP-VIFPVBQESA-N",
    "GABA": "BTCSSZJGUNDROE-UHFFFAOYSA-N",
    "vitamin C": "CIWBSHSKHKDKBQ-JLAZNSOCSA-N",
    "LSD": "VAYOSLLFUXYJDT-RDTXWAMCSA-N",
    "THC": "CYQFCXCEBYINGO-IAGOWNOFSA-N",
    "penicillin G": "JGSARLDLIJGVTE-MBNYWOFBSA-N",
    "imatinib": "KTUFNOKKBVMGRW-UHFFFAOYSA-N",
    "cisplatin": "LXZZYRPGZAFOLE-UHFFFAOYSA-L",
    "remdesivir": "RWWYLEGWBNMMLJ-YSOARWBDSA-N",
    "ATP": "ZKHQWZAMYRWXGA-KQYNXXCUSA-N",
    "L-leucine": "ROHFNLRQFUQHCH-YFKPBYRVSA-N",
}


@pytest.mark.parametrize(("name", "inchikey"), ASKED_MOLECULES.items())
def test_asked_molecules_are_there(index, name, inchikey):
    assert [molecule.inchikey for molecule, _ in index.molecules_named(name)] == [inchikey]


@pytest.mark.parametrize(
    "names",
    [
        "paracetamol ibuprofen metformin gefitinib erlotinib osimertinib vemurafenib dasatinib sorafenib warfarin "
        "atorvastatin simvastatin amoxicillin ciprofloxacin morphine codeine fentanyl cocaine nicotine methanol "
        "benzene testosterone estradiol cortisol dopamine serotonin histamine thalidomide sildenafil tamoxifen "
        "methotrexate doxorubicin oseltamivir dexamethasone omeprazole losartan amlodipine sertraline fluoxetine "
        "diazepam ketamine phencyclidine cannabidiol quercetin curcumin resveratrol paclitaxel vancomycin "
        "rapamycin heroin",
        "glycine alanine valine leucine isoleucine serine threonine cysteine methionine proline phenylalanine "
        "tyrosine tryptophan histidine lysine arginine asparagine glutamine aspartate glutamate adenine guanine "
        "cytosine thymine uracil adenosine NAD+ NADH FAD GTP ADP AMP cAMP retinol thiamine riboflavin niacin "
        "pyridoxine biotin cholecalciferol urea acetone toluene phenol aniline chloroform formaldehyde DMSO",
    ],
)
def test_everyday_names_mean_one_molecule(index, names):
    counts = {name: len(index.molecules_named(name)) for name in names.split()}
    assert {name: number for name, number in counts.items() if number != 1} == {}


@pytest.mark.parametrize(
    ("name", "gene"),
    [("p53", "TP53"), ("HER2", "ERBB2"), ("EGFR", "EGFR"), ("VEGFR2", "KDR"), ("COX-2", "PTGS2"), ("ACE2", "ACE2"),
     ("GLP-1 receptor", "GLP1R"), ("hERG", "KCNH2"), ("TNF-α", "TNF"), ("IL-6", "IL6"), ("insulin", "INS"),
     ("thrombin", "F2"), ("factor Xa", "F10"), ("AChE", "ACHE"), ("HMG-CoA reductase", "HMGCR"), ("tau", "MAPT"),
     ("mu opioid receptor", "OPRM1"), ("5-HT2A receptor", "HTR2A"), ("CB1", "CNR1"), ("P-glycoprotein", "ABCB1"),
     ("estrogen receptor alpha", "ESR1"), ("dopamine D2 receptor", "DRD2"), ("c-Kit", "KIT"), ("EZH2", "EZH2")],
)  # fmt: skip
def test_asked_proteins_are_there(index, name, gene):
    protein, _ = index.proteins_named(name)[0]
    assert (protein.gene, protein.organism) == (gene, "Homo sapiens")


@pytest.mark.parametrize(
    ("brand", "parent"),
    [("Gleevec", "imatinib"), ("Lipitor", "atorvastatin"), ("Viagra", "sildenafil"), ("Zoloft", "sertraline"),
     ("Coumadin", "warfarin"), ("Glucophage", "metformin"), ("Plavix", "clopidogrel"), ("Nexium", "esomeprazole"),
     ("Tarceva", "erlotinib"), ("Voltaren", "diclofenac"), ("Amoxil", "amoxicillin")],
)  # fmt: skip
def test_brands_of_salts_lead_to_their_parent(index, brand, parent):
    [(marketed, _)] = index.molecules_named(brand)
    record = index.parent_of(marketed)
    assert record is not None
    assert record.name == parent
    assert marketed.inchikey in {salt.inchikey for salt in index.salts_of(record)}


def test_records_of_epidermal_growth_factor_receptor(index):
    facts = {(fact.predicate, fact.value) for fact in index.facts(index.protein_by_accession("P00533"))}
    assert {
        ("EC number", "2.7.10.1"),
        ("protein family", "Tyr protein kinase family"),
        ("subcellular location", "Cell membrane"),
        ("membrane topology", "Single-pass type I membrane protein"),
    } <= facts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is the solubility of warfarin better than that of aspirin?", ["warfarin", "aspirin"]),
        ("what is the best time for a walk with my cat on the set", []),
        ("Patients were given Lipitor and metformin hydrochloride", ["Lipitor", "metformin hydrochloride"]),
        ("EGFR T790M confers resistance to gefitinib", ["EGFR", "gefitinib"]),
        ("The protein acts on many proteins in the membrane of the cell.", []),
        ("We rest all day and met a bad man with a car", []),
        ("calcium, iron and oxygen levels", []),
        ("cyclooxygenase-2 inhibition by celecoxib", ["cyclooxygenase-2", "celecoxib"]),
    ],
)
def test_names_found_in_sentences(index, text, expected):
    assert [name for _, _, name in index.lexicon_spans(text)] == expected


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the data folder does not lie beside the checkout")
def test_rebuilding_gives_the_same_bytes(tmp_path):
    script = ROOT / "scripts" / "build_starter.py"
    subprocess.run([sys.executable, str(script), str(DATA), "--out", str(tmp_path)], check=True, capture_output=True)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (STARTER / path.name).read_bytes(), path.name


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="the data folder does not lie beside the checkout")
def test_affinities_are_those_of_the_script_and_can_be_built_without_share_alike(affinities, molecules, proteins):
    """Quicker than building everything: the molecules and proteins that ship are taken as they are."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from starter import affinities as script
        from starter.molecules import Molecule
        from starter.proteins import Protein
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    ligands = [
        Molecule(row["inchikey"], row["name"], row["smiles"], row["source"], {"drugbank": row["drugbank"]},
                 row["synonyms"].split("|"))
        for row in molecules if row["drugbank"]
    ]  # fmt: skip
    targets = [
        Protein(row["accession"], row["sequence"], gene=row["gene"], taxon_id=row["taxon_id"]) for row in proteins
    ]
    ours = {row["source"] for row in affinities if row["inchikey"] in {molecule.inchikey for molecule in ligands}}
    built = script.build(DATA, ligands, targets)
    assert {row["source"] for row in built if row["source"].startswith("BindingDB2015")} <= ours
    free = script.build(DATA, ligands, targets, share_alike=False)
    kinds = {row["source"].split(" ")[0] for row in free}
    assert kinds == {"DAVIS", "BindingDB2015", "BindingDB2015-PDSP", "BindingDB2015-PubChem"}
    assert free == [row for row in built if row["source"].split(" ")[0] in kinds]
