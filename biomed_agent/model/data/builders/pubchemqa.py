"""PubChemQA: the descriptions PubChem holds of each compound, by structure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.model.contract.prompt import QUESTIONS
from biomed_agent.model.data.builders.writer import BuildReport, Draft, Found, Page, Tell, read_pages
from biomed_agent.model.data.pairs import enough
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local.dumps import Dump
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.pubchem.readers import check_reply

HEADING = "Record Description"
"""heading of PubChem's compound pages under which depositors describe the compound"""
BATCH_CIDS = 200
"""structures looked up at once"""
NO_STRUCTURE = "the compound has no structure that RDKit reads"


def build_pubchemqa(
    output: Path,
    transport: Transport | None = None,
    *,
    source: str = "",
    dumps: Sequence[Path] = (),
    structures: Sequence[Path] = (),
    limit: int | None = None,
    restart: bool = False,
    tell: Tell = lambda words: None,
) -> BuildReport:
    """Write ``{"SMILES": [[question, answer], ...]}``; SMILES are RDKit's canonical isomeric ones.

    Args:
        output: JSON file to write.
        transport: Asks PubChem; not needed when both descriptions and structures come from files.
        source: Depositor whose descriptions are read, such as ``ChEBI``; all by default.
        dumps: Files to read instead of asking: pages of annotations or descriptions as PubChem sends them (JSON), or
            a table of CID and description.
        structures: Files to read structures from instead of asking: PubChem's ``CID-SMILES``, or SDF.
        limit: Most compounds to read.
        restart: Begin anew rather than go on where a build of that output stopped.
        tell: Is told how far it is.

    Raises:
        InvalidInput: A dump cannot be read, or a build of other options was begun.
        Refused: The egress policy forbids to ask.
        Unavailable: PubChem gives no answer; what was found is kept, and the same call goes on.
    """
    files = [str(path.resolve()) for path in (*dumps, *structures)]
    what = {"pairs": "pubchemqa", "from": files or "PubChem", "source": source, "limit": limit}
    with Draft(output, what, restart) as draft:
        if dumps:
            ask = _from_dumps(dumps, source)
        elif transport is not None:
            ask = _from_pubchem(transport, source)
        else:
            raise InvalidInput("neither a connection nor a dump was given.", "Give one of them.")
        if structures:
            place = _structures_of(structures)
        elif transport is not None:
            place = _structures_from(PubChem(transport))
        else:
            raise InvalidInput("neither a connection nor a file of structures was given.", "Give one of them.")
        read_pages(draft, ask, limit, lambda draft, page: tell(_progress(draft, page)))
        place(draft, tell)
        tell("writing")
        return draft.finish(lambda draft: draft.by_structure())


def _progress(draft: Draft, page: Page) -> str:
    pages = f", page {int(page.next or page.of or 1) - bool(page.next)} of {page.of}" if page.of else ""
    return f"{draft.entities:,} compounds{pages}"


# ---------------------------------------------------------------------------------------------- descriptions


def _from_pubchem(transport: Transport, source: str) -> Callable[[str], Page]:
    """Return what asks PUG View for a page of annotations, by its number."""
    import httpx

    base = httpx.URL(transport.services["pubchem"].url)
    named = {"source": source} if source else {}

    def ask(mark: str) -> Page:
        number = mark or "1"
        reply = transport.get(
            "pubchem",
            str(base.join("pug_view/annotations/heading/JSON")),
            params={"heading": HEADING, "heading_type": "Compound", **named, "page": number},
            discloses="query",
            log_line=f"page {number} of the descriptions" + (f" by {source}" if source else ""),
            ttl=0,
            check=_check_page,
        )
        return read_annotations(reply.json(), source)

    return ask


def _check_page(reply: Reply) -> None:
    check_reply(reply)
    read_annotations(reply.json())


@well_formed("PubChem")
def read_annotations(body: Mapping[str, Any], source: str = "") -> Page:
    """Read a page of annotations.

    Args:
        body: The page as parsed JSON: ``{"Annotations": {"Annotation": [...], "Page": 1, "TotalPages": 290}}``.
        source: Depositor whose annotations are read; all by default.

    Raises:
        Unavailable: It is malformed.
    """
    page = body["Annotations"]
    entries: list[Found] = []
    skipped: Counter[str] = Counter()
    for annotation in page.get("Annotation") or ():
        if source and annotation.get("SourceName") != source:
            continue
        cids = (annotation.get("LinkedRecords") or {}).get("CID") or []
        if not cids:
            skipped["the description is linked to no compound"] += 1
            continue
        for data in annotation.get("Data") or ():
            strings = (data.get("Value") or {}).get("StringWithMarkup") or ()
            text = " ".join(str(string.get("String", "")) for string in strings)
            _take(entries, skipped, int(cids[0]), text, str(annotation.get("Name", "")))
    number, total = int(page.get("Page", 1)), int(page.get("TotalPages", 1))
    return Page(entries, str(number + 1) if number < total else "", skipped, total)


def _take(entries: list[Found], skipped: Counter[str], cid: int, text: str, name: str) -> None:
    answer = described(text, name)
    if answer:
        entries.append(Found(str(cid), ((QUESTIONS["description"], answer),)))
    else:
        skipped["the description has fewer than 4 words"] += 1


def described(text: str, name: str = "") -> str:
    """Return a description by the recipe; one that begins with the compound's name begins with "The molecule"."""
    text = " ".join(text.split())
    if name and text.lower().startswith(f"{name.lower()} is "):
        text = f"The molecule is {text[len(name) + 4 :]}"
    return enough(text)


def _from_dumps(dumps: Sequence[Path], source: str) -> Callable[[str], Page]:
    """Return what reads one file as a page; a mark is the file's number."""

    def ask(mark: str) -> Page:
        number = int(mark or 0)
        page = _file(dumps[number], source)
        following = str(number + 1) if number + 1 < len(dumps) else ""
        return Page(page.entries, following, page.skipped)

    return ask


def _file(path: Path, source: str) -> Page:
    with Dump(path) as dump:
        lines = (line for _, line in dump.lines())
        first = next((line for line in lines if line.strip()), "").lstrip("\ufeff")
        if first.lstrip()[:1] == "{":
            return _json(path, "\n".join([first, *lines]), source)
        columns = [name.strip().lower() for name in first.split("\t")]
        if not {"cid", "description"} <= set(columns):
            raise InvalidInput(
                f"{path} holds no descriptions: its first line is {first[:60]!r}.",
                "Expected JSON from PubChem, or a tab-separated table with the columns CID and description.",
            )
        entries: list[Found] = []
        skipped: Counter[str] = Counter()
        cid, text = columns.index("cid"), columns.index("description")
        for line in lines:
            cells = line.split("\t")
            if len(cells) == len(columns) and cells[cid].strip().isdigit():
                _take(entries, skipped, int(cells[cid]), cells[text], "")
            elif line.strip():
                skipped["the row has no CID, or not as many fields as the header"] += 1
        return Page(entries, "", skipped)


def _json(path: Path, text: str, source: str) -> Page:
    """Read a page of annotations, or the answer to ``compound/cid/.../description``."""
    try:
        body = json.loads(text)
        if "Annotations" in body:
            return read_annotations(body, source)
        entries: list[Found] = []
        skipped: Counter[str] = Counter()
        titles: dict[int, str] = {}
        for row in body["InformationList"]["Information"]:
            titles.setdefault(int(row["CID"]), str(row.get("Title", "")))
            if row.get("Description") and source in ("", row.get("DescriptionSourceName")):
                _take(entries, skipped, int(row["CID"]), str(row["Description"]), titles[int(row["CID"])])
        return Page(entries, "", skipped)
    except (ValueError, LookupError, TypeError, AttributeError, Unavailable) as error:
        raise InvalidInput(
            f"{path} is no page of annotations and no list of descriptions ({type(error).__name__}: {error}).",
            "Save what PubChem sends as it is.",
        ) from error


# ---------------------------------------------------------------------------------------------- structures


def _structures_from(pubchem: PubChem) -> Callable[[Draft, Tell], None]:
    """Return what asks PubChem for the structures a draft lacks."""

    def place(draft: Draft, tell: Tell) -> None:
        done = 0
        while keys := draft.unknown(BATCH_CIDS):
            batch = pubchem.by_cids([int(key) for key in keys])
            for error in batch.missing.values():
                if not isinstance(error, NotFound | InvalidInput):
                    raise error  # refused, or not available now: to be asked again
            draft.place(
                {str(cid): molecule.smiles for cid, molecule in batch.records.items()},
                {str(cid): NO_STRUCTURE for cid in batch.missing},
            )
            done += len(keys)
            tell(f"{done:,} structures")

    return place


def _structures_of(files: Sequence[Path]) -> Callable[[Draft, Tell], None]:
    """Return what reads the structures a draft lacks from files."""

    def place(draft: Draft, tell: Tell) -> None:
        wanted = set(draft.unknown(-1))
        for path in files:
            tell(f"structures of {path.name}")
            structures: dict[str, str] = {}
            missing: dict[str, str] = {}
            for cid, smiles in _smiles_in(path):
                if cid in wanted:
                    wanted.discard(cid)
                    canonical = _canonical(smiles)
                    (structures if canonical else missing)[cid] = canonical or NO_STRUCTURE
            draft.place(structures, missing)
        draft.place({}, dict.fromkeys(wanted, "the files give no structure of the compound"))

    return place


def _smiles_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield CID and SMILES of PubChem's ``CID-SMILES`` or of an SDF file, whose tags are read."""
    with Dump(path) as dump:
        cid = tag = ""
        for number, line in dump.lines():
            if "\t" in line and re.match(r"\d+\t\S+$", line):
                cid, _, smiles = line.partition("\t")
                yield cid, smiles
            elif match := re.match(r"> *<([^>]+)>", line):
                tag = match[1].upper()
            elif tag == "PUBCHEM_COMPOUND_CID":
                cid, tag = line.strip(), ""
            elif tag in ("PUBCHEM_SMILES", "PUBCHEM_OPENEYE_ISO_SMILES"):
                yield cid, line.strip()
                tag = ""
            elif number == 1 and path.suffix != ".sdf" and "\t" in line and not line.lower().startswith("cid"):
                raise InvalidInput(f"{path} is neither CID-SMILES nor SDF: its first line is {line[:60]!r}.")


def _canonical(smiles: str) -> str:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        return "" if molecule is None else str(Chem.MolToSmiles(molecule))
