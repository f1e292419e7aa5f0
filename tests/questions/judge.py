"""A strict judge: is an answer the gold's, is it something else, or was the question left unanswered?

It looks at the answer's facts wherever they say it (predicate, value, unit, relation, and both ends by InChIKey or
accession) and then at the text, which must say the same: the values, the verdict, the winner, the total. An answer that
states a value of another kind than asked is wrong, though the value itself be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal

from Bio.SeqUtils import seq3
from rdkit import Chem

from biomed_agent import Answer
from biomed_agent.core.types import Fact
from tests.questions.subjects import RESIDUES, Row, Tables

Verdict = Literal["right", "wrong", "refused"]
PREDICATES = {
    "molecular_weight": "molecular weight", "exact_mass": "monoisotopic mass", "logp": "logP", "tpsa": "TPSA",
    "h_bond_donors": "hydrogen-bond donors", "h_bond_acceptors": "hydrogen-bond acceptors",
    "rotatable_bonds": "rotatable bonds", "aromatic_rings": "aromatic rings", "qed": "QED",
    "fraction_sp3": "fraction sp3", "molar_refractivity": "molar refractivity", "formal_charge": "formal charge",
    "unsaturation": "degree of unsaturation", "formula": "molecular formula", "empirical_formula": "empirical formula",
    "inchikey": "InChIKey", "inchi": "InChI", "smiles": "SMILES", "cas": "CAS number", "mass": "molecular weight",
    "pi": "isoelectric point", "gravy": "GRAVY", "extinction": "extinction coefficient",
    "instability": "instability index", "tanimoto": "Tanimoto similarity",
}  # fmt: skip
"""what answers call the predicates of golds, where the name differs"""
FIELDS = {
    "gene": {"gene"}, "accession": {"accession"}, "organism": {"organism"}, "ec": {"EC number"},
    "families": {"protein family"}, "locations": {"subcellular location", "membrane topology", "GO cellular component"},
    "go": {"GO molecular function", "GO biological process", "GO cellular component"},
    "function": {"GO molecular function", "GO biological process", "EC number", "protein family"},
    "aliases": {"synonym", "name"}, "synonyms": {"synonym", "name"}, "brands": {"brand name", "synonym"},
    "parent": {"parent compound"}, "salts": {"salt form"}, "groups": {"functional groups"}, "residue": {"residue"},
    "sequence": {"sequence", "residues", "residue"}, "alerts": {"structural alert"}, "rule_of_five": {"rule of five"},
    "relation": {"structural relation", "Murcko scaffold"}, "roles": {"ChEBI role"}, "classes": {"ChEBI class"},
    "part": {"holds it as a part"}, "similar": {"similar molecule"},
}  # fmt: skip
"""predicates of the facts that a field of a gold may be answered with"""
ONE_VALUE = {"gene", "accession", "organism"}
SYMBOLS = {"C": "carbon", "N": "nitrogen", "O": "oxygen", "F": "fluorine", "Cl": "chlorine", "H": "hydrogen"}
_CLASSED = ("protein class", "protein family", "GO molecular function", "subcellular location")
"""predicates that put a protein into a class"""
TO_NM = {"pM": 1e-3, "nM": 1.0, "uM": 1e3}
KIBA_BINDS = 12.1
ALIKE = 5
"""most similar molecules that must be among the gold's"""
NUMBER = re.compile(r"(?<![\w.,-])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|(?<![\w.,])-?\d+(?:\.\d+)?(?:e-?\d+)?")


def numbers(text: str) -> list[float]:
    """Return the numbers that a text states, without the marks of its sources."""
    return [float(found.replace(",", "")) for found in NUMBER.findall(re.sub(r"\[\d+\]", " ", text))]


class Judge:
    """Compares answers with golds; :meth:`judge` gives the verdict and, of a wrong answer, what is wrong."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    @cached_property
    def _handles(self) -> dict[str, str]:
        handles = {f"UNIPROT:{accession}": accession for accession in self.tables.by_accession}
        for row in self.tables.molecules:
            for space in ("cid", "drugbank", "chebi", "chembl"):
                if row[space]:
                    handles[f"{space.upper()}:{row[space].split(':')[-1]}"] = row["inchikey"]
        return handles

    def key(self, handle: str) -> str:
        """Return the InChIKey or the accession of a handle; of a sequence or structure, that of the record it is."""
        kind, _, rest = handle.partition(":")
        if kind == "seq":
            return rest
        if kind == "smiles":
            return str(Chem.MolToInchiKey(Chem.MolFromSmiles(rest)))
        return self._handles.get(handle, handle)

    def judge(self, gold: Row, answer: Answer) -> tuple[Verdict, str]:
        """Return whether an answer is the gold's."""
        answered = answer.status in ("answered", "model_only")
        status = gold["status"]
        if status in ("thanks", "help"):
            talks = not answer.facts and not answer.entities and answer.status in ("answered", "inapplicable")
            return ("right", "") if talks else ("wrong", f"not {status}: {answer.status}")
        told = " ".join([answer.text, *answer.warnings])
        if answered and (silent := [word for word in answer.unread if word not in told]):
            return "wrong", f"answered with words unread, and not a word on it: {', '.join(silent)}"
        if status == "ambiguous":
            if answer.status != "ambiguous":
                return ("wrong", "one meaning was taken") if answered else ("refused", "")
            lost = {*gold["keys"]} - {self.key(candidate.handle) for candidate in answer.candidates}
            return ("wrong", f"not offered: {lost}") if lost else ("right", "")
        if not answered:
            return ("right" if status == "none" else "refused"), ""
        if status == "none":
            return self._nothing(gold, answer)
        complaint = next(self._complaints(gold, answer), "")
        return ("wrong", complaint) if complaint else ("right", "")

    def _nothing(self, gold: Row, answer: Answer) -> tuple[Verdict, str]:
        """An answer where nothing is on record: it must say so first, and may then say what is."""
        says = re.match(r"No\b", answer.text)
        others = {fact.predicate for fact in answer.facts} - {"Kd", "KIBA score"} if "missing" in gold else answer.facts
        return ("right", "") if says and not others else ("wrong", "nothing is on record, yet it is answered")

    def _complaints(self, gold: Row, answer: Answer) -> Iterator[str]:
        if "missing" in gold and not answer.text.startswith(f"No {gold['missing']}"):
            yield f"does not say that there is no {gold['missing']}"
        yield from self._verdict(gold, answer)
        if "items" in gold:
            yield from self._list(gold, answer)
        if "values" in gold:
            yield from self._values(gold, answer)
        if "difference" in gold:
            yield from self._difference(gold, answer)
        if "words" in gold:
            yield from self._words(gold, answer)
        if "order" in gold or "winner" in gold:
            yield from self._winner(gold, answer)

    # ---- yes or no --------------------------------------------------------------------------------------------------
    def _verdict(self, gold: Row, answer: Answer) -> Iterator[str]:
        said = re.match(r"(Yes|No)\b(?! (?:Kd|Ki|IC50|EC50|KIBA|pIC50))", answer.text)
        if "yes_no" not in gold:
            exist = said is not None and said[1] == "Yes" and bool(gold.get("items"))  # "Are there any?"
            if said and not exist and not self._kiba_says(said[1] == "Yes", answer):
                yield f'says "{said[1]}" to a question that is not one of yes or no'
            return
        expected = bool(gold["yes_no"])
        counts = (
            [fact.value for fact in answer.facts if not isinstance(fact.value, str)] if "values" not in gold else []
        )
        if said:
            if (said[1] == "Yes") != expected:
                yield f"says {said[1]}"
        elif len(counts) != 1:
            yield "says neither yes nor no"
        if any((count != 0) != expected for count in counts):
            yield f"counts {counts}, and the answer is {'yes' if expected else 'no'}"
        verdicts = {claim.verdict for claim in answer.claims}
        if verdicts and verdicts != {"supported" if expected else "contradicted"}:
            yield f"finds {sorted(verdicts)}"
        allowed = FIELDS.get(gold.get("field", ""), set())
        if "values" not in gold and "words" not in gold:
            yield from self._kinds(answer, allowed or {"count", "aromatic rings", *_CLASSED, *FIELDS["relation"]})

    @staticmethod
    def _kiba_says(yes: bool, answer: Answer) -> bool:
        """Whether the verdict follows from KIBA scores, of which golds say neither yes nor no."""
        scores = [float(fact.value) for fact in answer.facts]
        only = {fact.predicate for fact in answer.facts} == {"KIBA score"}
        return only and all((score >= KIBA_BINDS) == yes for score in scores)

    @staticmethod
    def _kinds(answer: Answer, allowed: Iterable[str]) -> Iterator[str]:
        if others := sorted({fact.predicate for fact in answer.facts}.difference(allowed)):
            yield f"states what was not asked: {', '.join(others)}"

    # ---- values -----------------------------------------------------------------------------------------------------
    def _values(self, gold: Row, answer: Answer) -> Iterator[str]:
        wanted, extra = gold["values"], gold.get("extra", [])
        for want in wanted:
            if want["predicate"] == "name":
                if not _find(want["value"], answer.text):
                    yield f"does not name {want['value']}"
                continue
            found = [fact for fact in answer.facts if self._is(fact, want)]
            if not found:
                yield f"does not state {want['predicate']} {want['value']} of {want['subject'][:30]}"
            elif not any(self._shown(fact, want, answer.text) for fact in found):
                yield f"the text does not say {want['predicate']} {want['value']}"
            if gold.get("unit") and want["predicate"] == "Kd":
                factor = TO_NM[gold["unit"]]
                if not any(
                    abs(number * factor - want["value"]) <= 0.01 * want["value"] for number in numbers(answer.text)
                ):
                    yield f"not in {gold['unit']}, the unit that was asked for"
        naming = all(want["predicate"] == "name" for want in wanted)
        known = [*wanted, *extra]
        for fact in () if naming else answer.facts:
            if not any(self._is_about(fact, want) and self._is_kind(fact, want) for want in known):
                yield f"states what was not asked: {fact.predicate} {str(fact.value)[:40]} {fact.unit}"
            elif not any(self._is(fact, want) for want in known):
                yield f"states {fact.predicate} {fact.amount} {fact.unit}"

    def _is(self, fact: Fact, want: Row) -> bool:
        return self._is_about(fact, want) and self._is_kind(fact, want) and self._is_value(fact, want)

    def _is_about(self, fact: Fact, want: Row) -> bool:
        """Whether a fact is about the same; the value of a parent is stated of the salt, with the parent beside it."""
        ends = {self.key(fact.subject), self.key(fact.about) if fact.about else ""}
        return want["subject"] in ends and ("about" not in want or want["about"] in ends)

    @staticmethod
    def _is_kind(fact: Fact, want: Row) -> bool:
        kind, _, what = str(want["predicate"]).partition(":")
        if kind in ("count", "smarts"):
            unit = (RESIDUES if len(want["subject"]) != 27 else SYMBOLS).get(what, "") if kind == "count" else ""
            whole = {"residue composition", "functional groups"}
            return (fact.predicate == "count" and fact.unit.startswith(unit)) or fact.predicate in whole
        if kind == "percent":
            return fact.predicate in ("elemental composition", "count", "residue composition")
        if kind == "ro5_violations":
            return fact.predicate == "rule of five"
        name = PREDICATES.get(kind, kind)
        return name in (fact.predicate, fact.unit if fact.predicate == "count" else "")

    @staticmethod
    def _is_value(fact: Fact, want: Row) -> bool:
        kind, _, what = str(want["predicate"]).partition(":")
        if fact.relation != want.get("relation", "="):
            return False
        value: Any = fact.value
        if fact.predicate == "Kd" and fact.unit in TO_NM:  # golds are in nM
            value = float(fact.value) * TO_NM[fact.unit]
            return bool(abs(value - want["value"]) <= 1e-6 * want["value"] + want.get("tolerance", 0))
        if fact.unit == "kDa":  # golds are in Da
            value = float(fact.value) * 1e3
        if kind == "ro5_violations":
            broken = re.search(r"(\d+|none) exceeded", fact.note)
            value = int(broken[1].replace("none", "0")) if broken else -1
        elif fact.predicate in ("elemental composition", "residue composition", "functional groups"):
            name = what if kind == "percent" else seq3(what)
            part = re.search(rf"\b{name} (\d[\d.]*)", str(value))
            value = float(part[1]) if part else value
        elif kind == "percent":
            value = next(iter(numbers(fact.note)), value)
        elif kind == "smiles":
            return bool(Chem.MolToInchiKey(Chem.MolFromSmiles(str(value))) == want["subject"])
        return any(_same(value, right, want.get("tolerance", 0)) for right in (want["value"], *want.get("also", ())))

    @staticmethod
    def _shown(fact: Fact, want: Row, text: str) -> bool:
        """Whether the text states the value, perhaps with fewer digits."""
        if isinstance(fact.value, str):
            return fact.value in text or str(want["value"]) in text or bool(want["predicate"] == "ro5_violations")
        within = max(want.get("tolerance", 0), abs(fact.value) * 5e-3)
        return any(abs(number - fact.value) <= within for number in numbers(text))

    def _difference(self, gold: Row, answer: Answer) -> Iterator[str]:
        want = gold["difference"]
        for fact in answer.facts:
            if not any(self._is(fact, part) for part in gold["extra"]):
                yield f"states what was not asked: {fact.predicate} {fact.value} {fact.unit}"
        head = re.split(r"(?<=[a-z])\. ", answer.text)[0]
        within = want.get("tolerance", 0) + 1e-9
        if not any(abs(number - want["value"]) <= within for number in numbers(head)):
            yield f"does not state the difference, {want['value']}"

    # ---- words ------------------------------------------------------------------------------------------------------
    def _words(self, gold: Row, answer: Answer) -> Iterator[str]:
        said = " ".join([answer.text, *(str(fact.value) for fact in answer.facts)]).lower()
        for group in gold["words"]:
            if group and not any(word.lower() in said for word in group):
                yield f"says none of {group[:4]}"
            elif group and not any(word.lower() in answer.text.lower() for word in group):
                yield f"the text says none of {group[:4]}, though a fact does"
        if gold["field"] == "any":
            return
        yield from self._kinds(answer, FIELDS[gold["field"]])
        for fact in answer.facts:
            if self.key(fact.subject) != gold["subject"]:
                yield f"states {fact.predicate} of {fact.subject[:30]}"
            if gold["field"] in ONE_VALUE and str(fact.value).lower() not in map(str.lower, gold["words"][0]):
                yield f"states {fact.predicate} {fact.value}"

    # ---- comparisons ------------------------------------------------------------------------------------------------
    def _winner(self, gold: Row, answer: Answer) -> Iterator[str]:
        """The text names the winner before all others; all are named in their order, either way round."""
        if "yes_no" in gold:
            return
        places = {key: self._place(key, answer) for key in gold.get("order", [])}
        if lost := [key for key, place in places.items() if place < 0]:
            yield f"does not name {lost}"
        elif gold.get("winner") == "tie":
            return
        elif "order" not in gold:
            if gold["winner"] not in answer.text.lower().split(":")[0]:
                yield f"does not say that it is {gold['winner']}"
        elif "winner" in gold:
            if min(places, key=lambda key: places[key]) != gold["winner"]:
                yield f"does not say that it is {gold['winner']}"
        elif sorted(places, key=lambda key: places[key]) not in (gold["order"], gold["order"][::-1]):
            yield "not in order"

    def _place(self, key: str, answer: Answer) -> int:
        row = self.tables.by_key.get(key) or self.tables.by_accession[key]
        gene = f"({row['gene']})" if "gene" in row else ""
        names = [name for name in (gene, *([] if gene else [row["name"], *row["synonyms"].split("|")])) if name]
        found = [place.start() for name in names for place in [_find(name, answer.text)] if place]
        return min(found, default=-1)

    # ---- lists ------------------------------------------------------------------------------------------------------
    def _list(self, gold: Row, answer: Answer) -> Iterator[str]:
        field, items = gold["field"], dict(gold["items"])
        affinity = field in ("Kd", "KIBA score")
        others = {"KIBA score"} if affinity else set()
        yield from self._kinds(
            answer,
            {field} if affinity and "limit" in gold else {field, *others} if affinity else {*FIELDS[field], "count"},
        )
        facts = [fact for fact in answer.facts if not affinity or fact.predicate == field]
        keys = [self._item(fact) for fact in facts]
        if field == "similar":
            if not keys or not set(keys[:ALIKE]) <= set(items):
                yield "others are more similar"
            return
        if strangers := [key for key in keys if key not in items]:
            yield f"lists {strangers[:3]}, which do not belong there"
            return
        if len(set(keys)) < len(keys):
            yield "lists one of them twice"
        yield from self._length(gold, answer, len(keys))
        if affinity:
            best = [value for _, value in gold["items"]][: len(keys)]
            stated = [float(fact.value) for fact in facts]
            if any(abs(items[key] - value) > 1e-6 for key, value in zip(keys, stated, strict=True)) or stated != best:
                yield "not the strongest, or other values"

    def _length(self, gold: Row, answer: Answer, listed: int) -> Iterator[str]:
        """The number that a list or count states, and how many it shows."""
        total, limit = gold["total"], gold.get("limit")
        if limit is not None and listed != min(limit, total):
            yield f"lists {listed}, not {limit}"
        if limit is None and not gold.get("count") and listed < min(total, 10):
            yield f"lists {listed} of {total}"
        shown = [int(number.replace(",", "")) for number in re.findall(r"\(\d+ of ([\d,]+)", answer.text)[:1]]
        shown += [listed + int(more) for more in re.findall(r"; (\d+) more exist", answer.text)]
        if shown and shown != [total]:
            yield f"says that there are {shown[0]}, not {total}"
        if gold.get("count") and next(iter(numbers(answer.text)), None) != total:
            yield f"does not say first that there are {total}"
        if not shown and not gold.get("count") and limit is None and listed != total:
            yield f"does not say that there are {total}"

    def _item(self, fact: Fact) -> str:
        """Return the key of what a fact of a list lists."""
        named = re.search(r"\((\S+)\)$", str(fact.value))
        return self.key(fact.about or (named[1] if named else fact.subject))


def _same(value: Any, right: Any, tolerance: float) -> bool:
    if isinstance(right, str) or isinstance(value, str):
        return str(value).split(":")[-1].lower() == str(right).split(":")[-1].lower()
    return bool(abs(value - right) <= tolerance + 1e-6 * abs(right))


def _find(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)


ORGANISMS = {"murine": "musculus", "mouse": "musculus", "zebrafish": "danio"}
"""the word of the Latin name that says the same"""


def judge_trap(unread: str, answer: Answer) -> tuple[Verdict, str]:
    """Return whether a question that cannot be answered as it stands was left, and a word that decides was named.

    ``right``: not answered, and the word is named, perhaps in another form; ``refused``: not answered, and it is not;
    ``wrong``: answered, with nothing said about the word.
    """
    words = {_stem(ORGANISMS.get(word, word)) for word in re.split(r"\W+", unread.lower())}
    said = {_stem(word) for word in re.split(r"\W+", " ".join([*answer.unread, *answer.warnings, answer.text]).lower())}
    if answer.status in ("answered", "model_only"):
        told = " ".join([answer.read_as, *answer.warnings]).lower()
        stems = {_stem(word) for word in re.split(r"\W+", told)}
        return ("right", "") if words <= stems else ("wrong", f'answered without a word on "{unread}"')
    return ("right", "") if words & said else ("refused", f'does not name "{unread}"')


def _stem(word: str) -> str:
    return word[:5]
