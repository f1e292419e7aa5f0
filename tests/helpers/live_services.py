"""The five services in one, with what ``biomed-agent doctor --live`` asks of them: hand-written, as small as can be."""

from __future__ import annotations

import json
import re
from typing import Any

from biomed_agent.sources.live_checks import (
    ASPIRIN,
    CHAPTER,
    FULL_TEXT,
    IMATINIB,
    INCHI,
    INSULIN,
    KEY,
    PAPER,
    RETRACTED,
    SMILES,
)
from tests.helpers.server import Asked, Said
from tests.sources.chembl.replies import Played, activity, document, molecule, target

ENTRY_OF_EGFR: dict[str, Any] = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "P00533",
    "uniProtkbId": "EGFR_HUMAN",
    "organism": {"scientificName": "Homo sapiens", "taxonId": 9606},
    "proteinExistence": "1: Evidence at protein level",
    "proteinDescription": {
        "recommendedName": {
            "fullName": {"value": "Epidermal growth factor receptor"},
            "ecNumbers": [{"value": "2.7.10.1"}],
        },
        "alternativeNames": [{"fullName": {"value": "Proto-oncogene"}}],
    },
    "genes": [{"geneName": {"value": "EGFR"}, "synonyms": [{"value": "ERBB"}]}],
    "sequence": {"value": "M" * 1210, "length": 1210, "molWeight": 134277},
    "comments": [
        {"commentType": "FUNCTION", "texts": [{"value": "Binds."}]},
        {"commentType": "SIMILARITY", "texts": [{"value": "Belongs to the EGF receptor subfamily."}]},
        {"commentType": "DISEASE", "disease": {"diseaseId": "Lung cancer"}},
        {"commentType": "SUBCELLULAR LOCATION", "subcellularLocations": [{"location": {"value": "Cell membrane"}}]},
        {"commentType": "CATALYTIC ACTIVITY", "reaction": {"name": "ATP = ADP"}},
        {
            "commentType": "ALTERNATIVE PRODUCTS",
            "isoforms": [{"name": {"value": "1"}, "isoformIds": ["P00533-1"], "isoformSequenceStatus": "Displayed"}],
        },
    ],
    "features": [
        {"type": "Domain", "location": {"start": {"value": 712}, "end": {"value": 979}}, "description": "Kinase"},
        {
            "type": "Natural variant",
            "location": {"start": {"value": 858}, "end": {"value": 858}},
            "alternativeSequence": {"originalSequence": "L", "alternativeSequences": ["R"]},
        },
    ],
    "keywords": [{"category": "Ligand", "name": "ATP-binding"}],
    "uniProtKBCrossReferences": [
        {"database": "GO", "id": "GO:1", "properties": [{"key": "GoTerm", "value": "F:ATP binding"}]},
        {"database": "PDB", "id": "1IVO", "properties": [{"key": "Method", "value": "X-ray"}]},
        {"database": "DrugBank", "id": "DB1", "properties": [{"key": "GenericName", "value": "Gefitinib"}]},
        {"database": "ChEMBL", "id": "CHEMBL203", "properties": []},
    ],
}


def _entry(accession: str, **more: Any) -> dict[str, Any]:
    return {**ENTRY_OF_EGFR, "primaryAccession": accession, "uniProtkbId": f"{accession}_X", **more}


def _prop(label: str, value: Any, **urn: str) -> dict[str, Any]:
    kind = "sval" if isinstance(value, str) else "ival" if isinstance(value, int) else "fval"
    return {"urn": {"label": label, **urn}, "value": {kind: value}}


RECORD = {
    "PC_Compounds": [
        {
            "id": {"id": {"cid": ASPIRIN}},
            "atoms": {"aid": [1], "element": [8]},
            "charge": 0,
            "props": [
                _prop("SMILES", SMILES, name="Absolute"),
                _prop("InChIKey", KEY, name="Standard"),
                _prop("InChI", INCHI, name="Standard"),
                _prop("IUPAC Name", "2-acetyloxybenzoic acid", name="Preferred"),
                _prop("Molecular Formula", "C9H8O4"),
                _prop("Molecular Weight", "180.16"),
                _prop("Weight", "180.042", name="MonoIsotopic"),
                _prop("Log P", 1.2, name="XLogP3"),
                _prop("Topological", 63.6, implementation="E_TPSA"),
                _prop("Count", 1, implementation="E_NHDONORS"),
                _prop("Count", 4, implementation="E_NHACCEPTORS"),
                _prop("Count", 3, implementation="E_NROTBONDS"),
            ],
        }
    ]
}
INFORMATION = {
    "synonyms": {"CID": ASPIRIN, "Synonym": ["Aspirin"]},
    "description": {
        "CID": ASPIRIN, "Description": "A drug.", "DescriptionSourceName": "Somebody", "DescriptionURL": "https://x.test",
    },
    "RN": {"CID": ASPIRIN, "RN": ["50-78-2"]},
}  # fmt: skip
COLUMNS = ["AID", "Activity Outcome", "Target Accession", "Target GeneID", "Activity Value [uM]", "Activity Name"]
ASSAYS = {
    "Table": {
        "Columns": {"Column": COLUMNS},
        "Row": [{"Cell": ["1", "Active", "P23219", "5742", "1.5", "IC50"]}],
    }
}
GHS = [("Danger", []), ("H302: Harmful if swallowed", []), ("P264", []), ("", [{"Type": "Icon", "Extra": "Irritant"}])]


def _view(heading: str) -> dict[str, Any]:
    texts = GHS if heading == "GHS Classification" else [("135 °C", [])]
    stated = [
        {"ReferenceNumber": 1, "Value": {"StringWithMarkup": [{"String": text, "Markup": marks}]}}
        for text, marks in texts
    ]
    leaf = {"TOCHeading": heading if heading == "GHS Classification" else "Melting Point", "Information": stated}
    middle = {"TOCHeading": "Hazards" if heading == "GHS Classification" else heading, "Section": [leaf]}
    sections = [{"TOCHeading": "Top", "Section": [middle]}]
    references = [{"ReferenceNumber": 1, "SourceName": "Somebody"}]
    return {"Record": {"RecordNumber": ASPIRIN, "Section": sections, "Reference": references}}


def _rows(cids: list[int]) -> dict[str, Any]:
    rows = [
        {
            "CID": cid, "Title": "Aspirin", "SMILES": SMILES if cid == ASPIRIN else "C" * (cid % 7) + "O",
            "InChI": INCHI, "InChIKey": KEY if cid == ASPIRIN else f"{'A' * 13}{chr(65 + cid % 26)}-UHFFFAOYSA-N",
            "IUPACName": "a name",
        }
        for cid in cids
    ]  # fmt: skip
    return {"PropertyTable": {"Properties": rows}}


def pubchem(asked: Asked) -> Said:
    """Answer as PUG REST and PUG View."""
    path = asked.path
    if "pug_view" in path:
        return Said.json(_view(asked.query["heading"]))
    if "/listkey/" in path or ("/fast" in path and "fastsubstructure" not in path):
        return Said.json({"IdentifierList": {"CID": [ASPIRIN, 11, 12, 13]}})
    if "/fastsubstructure/" in path:
        return Said.json({"Waiting": {"ListKey": "42"}}, 202)
    if "/property/" in path:
        return Said.json(_rows([int(cid) for cid in asked.form.get("cid", str(ASPIRIN)).split(",")]))
    if "/assaysummary/" in path:
        return Said.json(ASSAYS)
    for operation, row in INFORMATION.items():
        if f"/{operation}/" in path:
            return Said.json({"InformationList": {"Information": [row]}})
    return Said.json(RECORD)


def uniprot(asked: Asked) -> Said:
    """Answer as UniProt's REST service."""
    found: list[dict[str, Any]] = [ENTRY_OF_EGFR]
    query = asked.query.get("query", "")
    if asked.path.endswith(".fasta"):
        header = b">sp|P00533-2|EGFR_HUMAN Isoform 2 of it OS=Homo sapiens OX=9606 GN=EGFR PE=1 SV=1\nMKT\n"
        return Said(header, headers={"content-type": "text/plain;format=fasta"})
    if "Q00015" in asked.path:
        return Said.json(_entry("P23141"))
    if "P29358" in asked.path:
        reason = {"inactiveReasonType": "DEMERGED", "mergeDemergeTo": ["P68250", "P68251"]}
        return Said.json({"entryType": "Inactive", "primaryAccession": "P29358", "inactiveReason": reason})
    if "uniparc" in asked.path:
        return Said.json({"results": [{"uniParcId": "UPI1", "uniProtKBAccessions": ["P01308"]}]})
    if asked.path.endswith(".json"):
        return Said.json(ENTRY_OF_EGFR, x_uniprot_release="2026_01")
    if query.startswith("ec:"):
        found = [_entry("P00734")]
    elif "Mus musculus" in query:
        mouse = {"scientificName": "Mus musculus", "taxonId": 10090}
        found = [_entry("Q01279", organism=mouse, genes=[{"geneName": {"value": "Egfr"}}])]
    elif "nsp5" in query:
        part = {"recommendedName": {"fullName": {"value": "3C-like proteinase nsp5"}}}
        found = [_entry("P0DTD1", proteinDescription={**ENTRY_OF_EGFR["proteinDescription"], "contains": [part]})]
    elif query.startswith("uniparc:"):
        found = [_entry("P01308", sequence={"value": INSULIN})]
    elif asked.path.endswith("/accessions"):
        found = [ENTRY_OF_EGFR, _entry("P00519")]
    return Said.json({"results": found})


ARTICLE = f"""<PubmedArticle><MedlineCitation><PMID>{{0}}</PMID><Article><Journal><JournalIssue><PubDate>
<Year>2024</Year></PubDate></JournalIssue><Title>Journal</Title></Journal><ArticleTitle>A title</ArticleTitle>
<Abstract><AbstractText>Words.</AbstractText></Abstract><AuthorList><Author><LastName>Doe</LastName>
<Initials>J</Initials></Author></AuthorList><PublicationTypeList><PublicationType>Journal Article</PublicationType>
</PublicationTypeList></Article><CommentsCorrectionsList><CommentsCorrections RefType="{{1}}">
<RefSource>Later. 1976</RefSource></CommentsCorrections></CommentsCorrectionsList><MeshHeadingList><MeshHeading>
<DescriptorName>Iron</DescriptorName></MeshHeading></MeshHeadingList><KeywordList><Keyword>iron</Keyword></KeywordList>
</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.1/x</ArticleId>
<ArticleId IdType="pmc">{FULL_TEXT}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"""
BOOK = f"""<PubmedBookArticle><BookDocument><PMID>{CHAPTER}</PMID><Book><BookTitle>Reviews</BookTitle></Book>
<ArticleTitle>A chapter</ArticleTitle><Abstract><AbstractText>Words.</AbstractText></Abstract></BookDocument>
</PubmedBookArticle>"""


def pubmed(asked: Asked) -> Said:
    """Answer as the E-utilities."""
    given = {**asked.query, **asked.form}
    if "esearch" in asked.path:
        result: dict[str, Any] = {"count": "9", "idlist": ["1", "2", "3"], "querytranslation": "x"}
        result["errorlist"] = {"phrasesnotfound": ["flurbnitrolzzz"]} if "flurb" in given["term"] else {}
        return Said.json({"esearchresult": {**result, "webenv": "W", "querykey": "1"}})
    if "epost" in asked.path:
        return Said(b"<ePostResult><QueryKey>1</QueryKey><WebEnv>W</WebEnv></ePostResult>")
    records = {PAPER: ARTICLE.format(PAPER, "Cites"), RETRACTED: ARTICLE.format(RETRACTED, "RetractionIn")}
    records[CHAPTER] = BOOK
    wanted = given["id"].split(",") if "id" in given else [PAPER, CHAPTER]
    return Said(f"<PubmedArticleSet>{''.join(records[one] for one in wanted)}</PubmedArticleSet>".encode())


def europepmc(asked: Asked) -> Said:
    """Answer as Europe PMC."""
    if "fullTextXML" in asked.path:
        return Said(
            f"""<article><front><article-meta><article-id pub-id-type="pmcid">{FULL_TEXT}</article-id><title-group>
            <article-title>A title</article-title></title-group><permissions><license><license-p>Open.</license-p>
            </license></permissions></article-meta></front><body><p>Words.</p></body></article>""".encode()
        )
    query = asked.query["query"]
    record: dict[str, Any] = {
        "id": PAPER, "source": "MED", "pmid": PAPER, "pmcid": FULL_TEXT, "doi": "10.1/x", "title": "A title",
        "authorString": "Doe J.", "abstractText": "Words.", "pubYear": "2024", "firstPublicationDate": "2024-01-01",
        "journalInfo": {"journal": {"title": "Journal"}}, "pubTypeList": {"pubType": ["Journal Article"]},
        "meshHeadingList": {"meshHeading": [{"descriptorName": "Iron"}]}, "keywordList": {"keyword": ["iron"]},
        "isOpenAccess": "Y",
    }  # fmt: skip
    if RETRACTED in query:
        record["commentCorrectionList"] = {"commentCorrection": [{"type": "Retraction in", "reference": "Later"}]}
    if "PPR" in query:
        record = {"id": "PPR1", "source": "PPR", "title": "Early", "bookOrReportDetails": {"publisher": "bioRxiv"}}
    first = asked.query["cursorMark"] == "*"
    count = int(asked.query["pageSize"])
    body = {"version": "6.9", "hitCount": 500, "nextCursorMark": "next" if first else "last"}
    return Said.json({**body, "resultList": {"result": [record] * count}})


def play(asked: Asked) -> Said:
    """Answer as the service below whose name the request came: ``/pubchem/rest/pug/...``."""
    service, _, path = asked.path.lstrip("/").partition("/")
    plain = Asked(asked.method, f"/{path}", asked.query, asked.form, asked.headers)
    if service == "chembl":
        return Played(CHEMBL)(plain)
    return {"pubchem": pubchem, "uniprot": uniprot, "pubmed": pubmed, "europepmc": europepmc}[service](plain)


OF_IMATINIB = {"molecule_chembl_id": "CHEMBL941", "parent_molecule_chembl_id": "CHEMBL941"}
CHEMBL: dict[str, list[Any]] = {
    "molecule": [molecule(941, IMATINIB, pref_name="IMATINIB")],
    "target": [target(1862, "P00519")],
    "activity": [activity(1, target_chembl_id="CHEMBL1862", **OF_IMATINIB)],
    "document": [document()],
    "mechanism": [{"mec_id": 5, "mechanism_of_action": "Bcr/Abl fusion protein inhibitor", **OF_IMATINIB}],
    "drug_indication": [
        {"drugind_id": 6, "mesh_heading": "Leukemia", "max_phase_for_ind": "4.0", **OF_IMATINIB},
    ],
    "drug_warning": [],
}


def places(url: str) -> dict[str, Any]:
    """Where a transport finds the services."""
    others = {name: f"{url}/{name}" for name in ("uniprot", "pubmed", "europepmc", "chembl")}
    return {"pubchem": f"{url}/pubchem/rest/pug", **others}


def renamed(said: Said, field: str) -> Said:
    """Return an answer in which the last name of a field's path is another; see ``lacks`` of the checks."""
    if field.startswith("header:"):
        return Said(said.body, said.status, {"content-type": said.headers["content-type"]})
    text = said.body.decode()
    if field.startswith("text:"):
        return Said(text.replace(field.removeprefix("text:"), "?").encode(), said.status, said.headers)
    if field.startswith("/"):
        attribute = field.partition("@")[2].strip("]")
        name, value = attribute.partition("=")[::2] if attribute else ("", "")
        tag = field.rpartition("/")[2]
        changed = text.replace(f'{name}="{value[1:-1]}"', f'{name}="other"') if attribute else text
        changed = changed if attribute else text.replace(f"<{tag}", f"<other{tag}").replace(f"</{tag}", f"</other{tag}")
        return Said(changed.encode(), said.status, said.headers)
    token = field.rpartition(".")[2].partition("=")[0].removesuffix("[]")
    if conditions := re.findall(r"\[[^\]]*=([^\]]*)\]", field):
        token = conditions[-1]
    body = json.loads(text)
    return Said(json.dumps(_other(body, token)).encode(), said.status, said.headers)


def _other(value: Any, token: str) -> Any:
    """Rename a key, or what a value says, wherever it stands."""
    if isinstance(value, dict):
        return {f"other {key}" if key == token else key: _other(one, token) for key, one in value.items()}
    if isinstance(value, list):
        return [_other(one, token) for one in value]
    return f"other {value}" if value == token else value
