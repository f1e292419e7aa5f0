"""Are the services as the readers expect? One request or a few for each reader, about records that do not change.

:data:`CHECKS` is the table: what is asked, which fields of the reply must be there, and what must be read of it.
Readers pass over what a reply lacks, so that a field that was renamed would cost its value silently; here it is named.
``biomed-agent doctor --live`` runs the table, and so does ``pytest -m network``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.drug_facts import APPROVAL, INDICATION, MECHANISM
from biomed_agent.core.errors import NotFound
from biomed_agent.core.privacy.egress import Discloses
from biomed_agent.core.types import Article, Fact, Molecule, Protein
from biomed_agent.sources.batch import Batch
from biomed_agent.sources.chembl import ChEMBL
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC
from biomed_agent.sources.literature.pubmed import PubMed
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.uniprot import UniProt

Read: TypeAlias = tuple[str, Callable[[Any], Any], Any]


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """One row of the table.

    Args:
        service: Key of :data:`~biomed_agent.sources.http.services.SERVICES`.
        reader: The function that reads the reply, below the service's folder.
        what: What is asked for, in words.
        ask: Asks it through a client that it is given a transport for.
        fields: What the replies must hold; see :func:`.reply_fields.lacks`.
        reads: What must be read of them: a name, how to get it from what ``ask`` returns, and what it must be; ``...``
            where it may be anything but empty.
        discloses: What the requests tell the service.
        requests: How many they are.
    """

    service: str
    reader: str
    what: str
    ask: Callable[[Transport], Any]
    fields: tuple[str, ...]
    reads: tuple[Read, ...] = ()
    discloses: Discloses = "identifier"
    requests: int = 1


ASPIRIN, SMILES, KEY = 2244, "CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
INCHI = "InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)"
INSULIN = (
    "MALWMRLLPLLALLALWGPDPAAAFVNQHLCGSHLVEALYLVCGERGFFYTPKTRREAEDLQVGQVELGGGPGAGSLQPLALEGSLQKRGIVEQCCTSICSLYQLENYCN"
)
"""of P01308; its checksum is sent"""
COVID = "Severe acute respiratory syndrome coronavirus 2"
PAPER, RETRACTED, CHAPTER = "38591913", "993", "20301425"
"""PMIDs of an article with abstract, PMCID, headings and keywords; of one that was retracted; of a chapter of a book"""
FULL_TEXT = "PMC1762313"
SEARCH = "lipinski rule of five solubility permeability"


def aspirin(given: bool = False) -> Molecule:
    """Return aspirin, with its CID or, as what a user draws, without."""
    return molecule_from_smiles(SMILES, ids={} if given else {"cid": str(ASPIRIN)})


def _found(batch: Batch[Any, Any]) -> list[Any]:
    """Return what was found of several things; raise why one was not."""
    for error in batch.missing.values():
        raise error
    return list(batch.records.values())


def _obsolete(transport: Transport) -> list[str]:
    """Return what replaced an entry that was split."""
    try:
        UniProt(transport).by_accession("P29358")
    except NotFound as error:
        return [candidate.handle for candidate in error.candidates]
    return []


def _protein_facts(transport: Transport) -> tuple[list[Fact], list[str]]:
    odd: list[str] = []
    return UniProt(transport).facts("P00533", odd), odd


def _kept(transport: Transport) -> list[Article]:
    pubmed = PubMed(transport)
    return pubmed.fetch_kept(pubmed.keep([PAPER, CHAPTER]), 0, 2) or []


def _predicates(facts: list[Fact]) -> set[str]:
    return {fact.predicate for fact in facts}


IMATINIB = "KTUFNOKKBVMGRW-UHFFFAOYSA-N"


def imatinib() -> Molecule:
    """Return imatinib, by its InChIKey and its ChEMBL identifier."""
    smiles = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
    return molecule_from_smiles(smiles, ids={"chembl": "CHEMBL941"})


def _value(predicate: str) -> Callable[[list[Fact]], Any]:
    return lambda facts: next(fact.value for fact in facts if fact.predicate == predicate)


PROP = "PC_Compounds[].props"
RECORD = (
    f"PC_Compounds[].id.id.cid={ASPIRIN}", "PC_Compounds[].atoms.aid", f"{PROP}[urn.label=SMILES].value.sval",
    f"{PROP}[urn.label=InChIKey].value.sval={KEY}", f"{PROP}[urn.label=IUPAC Name].value.sval",
    "PropertyTable.Properties[].Title",
)  # fmt: skip
ROW = tuple(
    f"PropertyTable.Properties[].{name}" for name in ("CID", "Title", "SMILES", "InChI", "InChIKey", "IUPACName")
)
COMPOUND: tuple[Read, ...] = (
    ("CID", lambda found: found[0].ids["cid"], str(ASPIRIN)),
    ("InChIKey", lambda found: found[0].inchikey, KEY),
    ("formula", lambda found: found[0].formula, "C9H8O4"),
    ("name", lambda found: found[0].name.lower(), "aspirin"),
)
INFORMATION = "InformationList.Information[]"
DESCRIPTION = "proteinDescription.recommendedName"
ENTRY = (
    "primaryAccession=P00533", "uniProtkbId=EGFR_HUMAN", "entryType", "organism.scientificName",
    "organism.taxonId=9606",
    f"{DESCRIPTION}.fullName.value", "proteinDescription.alternativeNames[].fullName.value",
    "genes[].geneName.value=EGFR", "genes[].synonyms[].value", "sequence.value",
)  # fmt: skip
ENTRIES = tuple(f"results[].{field}" for field in ENTRY)
PROTEIN: tuple[Read, ...] = (
    ("accession", lambda found: found[0].accession, "P00533"),
    ("gene", lambda found: found[0].gene, "EGFR"),
    ("length", lambda found: found[0].length, 1210),
    ("organism", lambda found: (found[0].organism, found[0].taxon_id), ("Homo sapiens", 9606)),
    ("entry name", lambda found: found[0].entry_name, "EGFR_HUMAN"),
    ("name", lambda found: found[0].name, "Epidermal growth factor receptor"),
    ("reviewed", lambda found: found[0].reviewed, True),
)
XREF = "uniProtKBCrossReferences"
COMMENT = "comments"
CITATION = "/PubmedArticle/MedlineCitation"
ARTICLE = f"{CITATION}/Article"
RESULT = "resultList.result[]"
PAPER_READ: tuple[Read, ...] = (
    ("PMID", lambda found: found[0].pmid, PAPER),
    *((name, lambda found, name=name: getattr(found[0], name), ...) for name in
      ("title", "abstract", "pmcid", "doi", "journal", "year", "authors", "types", "mesh", "keywords")),
)  # fmt: skip

CHECKS: tuple[LiveCheck, ...] = (
    LiveCheck("pubchem", "readers.read_compounds", "name aspirin", lambda t: PubChem(t).by_name("aspirin"),
              RECORD, COMPOUND, "name", 2),
    LiveCheck("pubchem", "readers.read_compounds", "CID 2244", lambda t: [PubChem(t).by_cid(ASPIRIN)],
              RECORD, COMPOUND, requests=2),
    LiveCheck("pubchem", "readers.read_compounds", f"InChIKey {KEY}", lambda t: PubChem(t).by_inchikey(KEY),
              RECORD, COMPOUND, requests=2),
    LiveCheck("pubchem", "readers.read_compounds", "SMILES of aspirin", lambda t: PubChem(t).by_smiles(SMILES),
              RECORD, COMPOUND, "structure", 2),
    LiveCheck("pubchem", "readers.read_compounds", "InChI of aspirin", lambda t: PubChem(t).by_inchi(INCHI),
              RECORD, COMPOUND, "structure", 2),
    LiveCheck("pubchem", "readers.read_properties", "values of CID 2244", lambda t: PubChem(t).properties(ASPIRIN),
              (f"{PROP}[urn.label=Molecular Formula].value.sval", f"{PROP}[urn.label=Molecular Weight].value",
               f"{PROP}[urn.label=Weight].value", f"{PROP}[urn.label=Log P].value", "PC_Compounds[].charge",
               *(f"{PROP}[urn.implementation={name}].value" for name in
                 ("E_TPSA", "E_NHDONORS", "E_NHACCEPTORS", "E_NROTBONDS"))),
              (("molecular formula", _value("molecular formula"), "C9H8O4"),
               ("hydrogen-bond donors", _value("hydrogen-bond donors"), 1),
               ("molecular weight", lambda facts: round(_value("molecular weight")(facts)), 180))),
    LiveCheck("pubchem", "readers.read_synonyms", "synonyms of CID 2244", lambda t: PubChem(t).synonyms(ASPIRIN),
              (f"{INFORMATION}.Synonym",), (("aspirin", lambda names: "aspirin" in map(str.lower, names), True),)),
    LiveCheck("pubchem", "readers.read_descriptions", "descriptions of CID 2244",
              lambda t: PubChem(t).descriptions(ASPIRIN),
              tuple(f"{INFORMATION}.{name}" for name in ("Description", "DescriptionSourceName", "DescriptionURL")),
              (("description", _value("description"), ...),)),
    LiveCheck("pubchem", "readers.read_registry_numbers", "registry numbers of CID 2244",
              lambda t: PubChem(t).registry_numbers(ASPIRIN),
              (f"{INFORMATION}.CID", f"{INFORMATION}.RN"), (("50-78-2", lambda numbers: "50-78-2" in numbers, True),)),
    LiveCheck("pubchem", "annotations.read_hazards", "GHS classes of CID 2244", lambda t: PubChem(t).hazards(ASPIRIN),
              ("Record.RecordNumber", "Record.Section[].Section[].Section[].TOCHeading=GHS Classification",
               "Record.Section[].Section[].Section[].Information[].Value.StringWithMarkup[].String",
               "Record.Section[].Section[].Section[].Information[].Value.StringWithMarkup[].Markup[Type=Icon].Extra",
               "Record.Section[].Section[].Section[].Information[].ReferenceNumber",
               "Record.Reference[].ReferenceNumber", "Record.Reference[].SourceName"),
              tuple((name, _value(name), ...) for name in
                    ("GHS pictogram", "GHS signal word", "GHS hazard statement", "GHS precautionary codes"))),
    LiveCheck("pubchem", "annotations.read_measurements", "measured values of CID 2244",
              lambda t: PubChem(t).measurements(ASPIRIN),
              ("Record.RecordNumber",
               "Record.Section[].Section[TOCHeading=Experimental Properties].Section[].TOCHeading",
               "Record.Section[].Section[].Section[].Information[].Value.StringWithMarkup[].String",
               "Record.Reference[].SourceName"),
              (("melting point", _value("melting point"), ...),)),
    LiveCheck("pubchem", "bioassays.read_bioactivity", "assay results of CID 2244",
              lambda t: PubChem(t).bioactivity(ASPIRIN),
              ("Table.Columns.Column", "Table.Row[].Cell",
               *(f'text:"{name}"' for name in ("AID", "Activity Outcome", "Target Accession", "Target GeneID",
                                               "Activity Value [uM]", "Activity Name"))),
              (("assay results", _value("assay results"), ...),
               ("targets", lambda facts: [fact.about for fact in facts if fact.about], ...),
               ("values in uM", lambda facts: [fact.value for fact in facts if fact.unit == "uM"], ...))),
    LiveCheck("pubchem", "readers.read_cids", "compounds like CID 2244",
              lambda t: PubChem(t).similar(aspirin(), 0.95, 3), ("IdentifierList.CID", *ROW),
              (("hits", lambda hits: len(hits.hits), 3),), requests=2),
    LiveCheck("pubchem", "readers.read_cids", "compounds that hold CID 2244",
              lambda t: PubChem(t).containing(aspirin(), 3), ("IdentifierList.CID", *ROW),
              (("hits", lambda hits: len(hits.hits), 3),), requests=2),
    LiveCheck("pubchem", "readers.read_cids", "compounds like a SMILES",
              lambda t: PubChem(t).similar(aspirin(given=True), 0.95, 3), ("IdentifierList.CID", *ROW),
              (("hits", lambda hits: len(hits.hits), 3),), "structure", 2),
    LiveCheck("pubchem", "readers.read_rows", "CIDs 2244, 2519",
              lambda t: _found(PubChem(t).by_cids([ASPIRIN, 2519])), ROW, COMPOUND),
    LiveCheck("pubchem", "readers.read_rows", f"InChIKeys {KEY}",
              lambda t: _found(PubChem(t).by_inchikeys([KEY]))[0], ROW, COMPOUND),
    LiveCheck("pubchem", "readers.read_rows", "names aspirin",
              lambda t: _found(PubChem(t).by_names(["aspirin"]))[0], ROW, COMPOUND, "name"),
    LiveCheck("uniprot", "readers.read_entry", "accession P00533", lambda t: [UniProt(t).by_accession("P00533")],
              (*ENTRY, "header:x-uniprot-release"), PROTEIN),
    LiveCheck("uniprot", "readers.read_fasta", "isoform P00533-2", lambda t: UniProt(t).by_accession("P00533-2"),
              ("text:>sp|P00533-2|EGFR_HUMAN ", "text: OS=Homo sapiens OX=9606 GN=EGFR"),
              (("accession", lambda found: found.accession, "P00533-2"), ("gene", lambda found: found.gene, "EGFR"))),
    LiveCheck("uniprot", "readers.read_entry", "accession Q00015, which was merged",
              lambda t: UniProt(t).by_accession("Q00015"), ("primaryAccession=P23141",),
              (("accession", lambda found: found.accession, "P23141"),)),
    LiveCheck("uniprot", "readers.inactive", "accession P29358, which was split", _obsolete,
              ("entryType=Inactive", "inactiveReason.inactiveReasonType", "inactiveReason.mergeDemergeTo"),
              (("successors", lambda found: found, ["UNIPROT:P68250", "UNIPROT:P68251"]),)),
    LiveCheck("uniprot", "readers.read_entry", "accessions P00533, P00519",
              lambda t: _found(UniProt(t).by_accessions(["P00533", "P00519"])),
              ("results[primaryAccession=P00519].sequence.value", *ENTRIES), PROTEIN),
    LiveCheck("uniprot", "readers.read_search", "entry name EGFR_HUMAN",
              lambda t: [UniProt(t).by_entry_name("EGFR_HUMAN")], ENTRIES, PROTEIN),
    LiveCheck("uniprot", "readers.read_search", "gene EGFR", lambda t: UniProt(t).by_gene("EGFR"), ENTRIES, PROTEIN,
              "name"),
    LiveCheck("uniprot", "readers.read_search", "gene Egfr of Mus musculus",
              lambda t: UniProt(t).by_gene("Egfr", None, "Mus musculus"),
              ("results[].genes[].geneName.value=Egfr", "results[].organism.scientificName=Mus musculus"),
              (("organism", lambda found: found[0].organism, "Mus musculus"),), "name"),
    LiveCheck("uniprot", "readers.read_search", "EC number 3.4.21.5", lambda t: UniProt(t).by_ec("3.4.21.5"),
              ("results[].primaryAccession=P00734",),
              (("prothrombin", lambda found: "P00734" in [protein.accession for protein in found], True),)),
    LiveCheck("uniprot", "readers.names_of_parts", "protein name 3C-like proteinase nsp5",
              lambda t: UniProt(t).by_name("3C-like proteinase nsp5", None, COVID),
              ("results[].proteinDescription.contains[].recommendedName.fullName.value",),
              (("polyprotein", lambda found: "P0DTD1" in [protein.accession for protein in found], True),), "name"),
    LiveCheck("uniprot", "readers.read_uniparc", "checksum of insulin", lambda t: UniProt(t).by_sequence(INSULIN),
              ("results[].uniParcId", "results[].uniProtKBAccessions"),
              (("insulin", lambda found: "P01308" in [protein.accession for protein in found], True),), requests=2),
    LiveCheck("uniprot", "facts.read_facts", "what the entry P00533 states", _protein_facts,
              (f"{COMMENT}[commentType=FUNCTION].texts[].value", f"{COMMENT}[commentType=DISEASE].disease.diseaseId",
               f"{COMMENT}[commentType=SUBCELLULAR LOCATION].subcellularLocations[].location.value",
               f"{COMMENT}[commentType=CATALYTIC ACTIVITY].reaction.name",
               f"{COMMENT}[commentType=SIMILARITY].texts[].value",
               f"{COMMENT}[commentType=ALTERNATIVE PRODUCTS].isoforms[].isoformIds",
               "features[type=Domain].location.start.value", "features[type=Domain].location.end.value",
               "features[type=Natural variant].alternativeSequence.alternativeSequences",
               "keywords[].name", "keywords[].category", f"{DESCRIPTION}.ecNumbers[].value",
               f"{XREF}[database=GO].properties[key=GoTerm].value",
               f"{XREF}[database=PDB].properties[key=Method].value",
               f"{XREF}[database=DrugBank].properties[key=GenericName].value", f"{XREF}[database=ChEMBL].id",
               "proteinExistence", "sequence.length", "sequence.molWeight"),
              (("length", lambda found: _value("length")(found[0]), 1210),
               ("EC number", lambda found: _value("EC number")(found[0]), "2.7.10.1"),
               ("predicates that are not stated", lambda found: sorted(
                   {"function", "disease", "subcellular location", "domain", "natural variant", "isoform", "keyword",
                    "GO molecular function", "DrugBank entry", "experimental structures", "protein family"}
                   - _predicates(found[0])), []),
               ("elements that cannot be read", lambda found: found[1], []))),
    LiveCheck("pubmed", "pubmed.read_search", f"search {SEARCH}", lambda t: PubMed(t).search(SEARCH, 3),
              ("esearchresult.idlist", "esearchresult.count", "esearchresult.querytranslation"),
              (("hits", lambda found: found.count, ...), ("PMIDs", lambda found: len(found.pmids), 3),
               ("translation", lambda found: found.translation, ...)), "query"),
    LiveCheck("pubmed", "pubmed.read_search", "search flurbnitrolzzz lipinski",
              lambda t: PubMed(t).search("flurbnitrolzzz lipinski", 1), ("esearchresult.errorlist.phrasesnotfound",),
              (("ignored words", lambda found: found.ignored, ...),), "query"),
    LiveCheck("pubmed", "pubmed.read_search", "search kinase inhibitor, kept",
              lambda t: PubMed(t).search("kinase inhibitor", 201),
              ("esearchresult.webenv", "esearchresult.querykey"), (("history", lambda found: found.history, ...),),
              "query"),
    LiveCheck("pubmed", "pubmed.read_articles", f"PMID {PAPER}", lambda t: PubMed(t).fetch([PAPER]),
              (f"{CITATION}/PMID", f"{ARTICLE}/ArticleTitle", f"{ARTICLE}/Abstract/AbstractText",
               f"{ARTICLE}/Journal/Title", f"{ARTICLE}/Journal/JournalIssue/PubDate/Year",
               f"{ARTICLE}/AuthorList/Author/LastName", f"{ARTICLE}/AuthorList/Author/Initials",
               f"{ARTICLE}/PublicationTypeList/PublicationType",
               f"{CITATION}/MeshHeadingList/MeshHeading/DescriptorName",
               f"{CITATION}/KeywordList/Keyword", "/PubmedArticle/PubmedData/ArticleIdList/ArticleId[@IdType='pmc']",
               "/PubmedArticle/PubmedData/ArticleIdList/ArticleId[@IdType='doi']"), PAPER_READ),
    LiveCheck("pubmed", "pubmed.read_articles", f"PMID {CHAPTER}, a chapter", lambda t: PubMed(t).fetch([CHAPTER]),
              ("/PubmedBookArticle/BookDocument/PMID", "/PubmedBookArticle/BookDocument/Book/BookTitle",
               "/PubmedBookArticle/BookDocument/ArticleTitle", "/PubmedBookArticle/BookDocument/Abstract/AbstractText"),
              (("PMID", lambda found: found[0].pmid, CHAPTER), ("book", lambda found: found[0].journal, ...))),
    LiveCheck("pubmed", "retractions.read_standing", f"PMID {RETRACTED}, retracted",
              lambda t: PubMed(t).fetch([RETRACTED]),
              (f"{CITATION}/CommentsCorrectionsList/CommentsCorrections[@RefType='RetractionIn']",),
              (("retracted", lambda found: found[0].retracted, True),
               ("notices", lambda found: found[0].notices, ...))),
    LiveCheck("pubmed", "pubmed.read_history", f"a list of PMIDs {PAPER}, {CHAPTER}", _kept,
              ("/QueryKey", "/WebEnv", f"{CITATION}/PMID"), (("articles", len, 2),), requests=2),
    LiveCheck("europepmc", "europepmc.read_article", f"PMID {PAPER}",
              lambda t: EuropePMC(t).search(f"EXT_ID:{PAPER} AND SRC:MED", 1).articles,
              ("hitCount", *(f"{RESULT}.{name}" for name in
                             ("id", "source", "pmid", "pmcid", "doi", "title", "authorString", "abstractText",
                              "pubYear",
                              "journalInfo.journal.title", "firstPublicationDate", "pubTypeList.pubType",
                              "meshHeadingList.meshHeading[].descriptorName", "keywordList.keyword", "isOpenAccess"))),
              PAPER_READ, "query"),
    LiveCheck("europepmc", "europepmc.read_search", f"search {SEARCH}, two pages",
              lambda t: EuropePMC(t).search(SEARCH, 101),
              ("hitCount", "nextCursorMark", "version"), (("articles", lambda page: len(page.articles), 101),), "query",
              2),
    LiveCheck("europepmc", "europepmc.read_article", "search preprints, kinase inhibitor",
              lambda t: EuropePMC(t).search('SRC:PPR AND "kinase inhibitor"', 1).articles,
              (f"{RESULT}.source=PPR", f"{RESULT}.bookOrReportDetails.publisher"),
              (("preprint", lambda found: found[0].preprint, True), ("server", lambda found: found[0].journal, ...)),
              "query"),
    LiveCheck("europepmc", "retractions.read_standing", f"PMID {RETRACTED}, retracted",
              lambda t: EuropePMC(t).search(f"EXT_ID:{RETRACTED} AND SRC:MED", 1).articles,
              (f"{RESULT}.commentCorrectionList.commentCorrection[].type",),
              (("retracted", lambda found: found[0].retracted, True),), "query"),
    LiveCheck("europepmc", "europepmc.read_full_text", f"full text {FULL_TEXT}",
              lambda t: EuropePMC(t).full_text(FULL_TEXT),
              ("/front/article-meta/article-id", "/front/article-meta/title-group/article-title", "/body"),
              (("PMCID", lambda text: text.pmcid, FULL_TEXT), ("title", lambda text: text.title, ...),
               ("sections", lambda text: text.sections, ...), ("licence", lambda text: text.licence, ...))),
    LiveCheck("chembl", "readers.read_release", "release", lambda t: ChEMBL(t).release(), ("chembl_db_version",),
              (("release", lambda found: found.lower().startswith("chembl"), True),)),
    LiveCheck("chembl", "readers.read_compound", f"InChIKey {IMATINIB}", lambda t: ChEMBL(t).by_inchikey(IMATINIB),
              (*(f"molecules[].{name}" for name in
                 ("molecule_chembl_id", "pref_name", "max_phase", "first_approval",
                  "molecule_hierarchy.parent_chembl_id", "molecule_structures.canonical_smiles",
                  "molecule_structures.standard_inchi_key", "molecule_synonyms[].molecule_synonym")),
               "page_meta.total_count"),
              (("identifier", lambda found: found[0].chembl_id, "CHEMBL941"),
               ("name", lambda found: found[0].name.lower(), "imatinib")), requests=2),
    LiveCheck("chembl", "readers.read_target", "target P00519", lambda t: ChEMBL(t).targets("P00519"),
              tuple(f"targets[].{name}" for name in
                    ("target_chembl_id", "pref_name", "target_type", "target_components[].accession")),
              (("identifier", lambda found: found[0].chembl_id, "CHEMBL1862"),), requests=2),
    LiveCheck("chembl", "activities.read_activity", "activities of imatinib and ABL1",
              lambda t: ChEMBL(t).activities(imatinib(), Protein("M", "P00519", gene="ABL1")),
              (*(f"activities[].{name}" for name in
                 ("activity_id", "molecule_chembl_id", "parent_molecule_chembl_id", "target_chembl_id",
                  "standard_type", "standard_relation", "standard_value", "standard_units", "pchembl_value",
                  "assay_type", "target_organism", "document_chembl_id")),
               "documents[].pubmed_id"),
              (("measures", _predicates, ...), ("relations", lambda facts: {fact.relation for fact in facts}, ...)),
              requests=8),
    LiveCheck("chembl", "drugs.read_mechanism", "imatinib as a drug",
              lambda t: ChEMBL(t).drug_facts(imatinib()),
              ("mechanisms[].mec_id", "mechanisms[].mechanism_of_action", "drug_indications[].drugind_id",
               "drug_indications[].mesh_heading", "drug_indications[].max_phase_for_ind"),
              (("predicates", lambda facts: {MECHANISM, INDICATION, APPROVAL} <= _predicates(facts), True),),
              requests=8),
)  # fmt: skip
"""one row a reader and kind of reply; another database adds its rows"""
