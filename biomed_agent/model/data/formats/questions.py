"""The formats that hold questions in text: multiple choice, and yes, no and maybe."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from biomed_agent.model.data.examples import TextQuestion
from biomed_agent.model.data.formats.rows import Defect, Format, RowError, strings, text
from biomed_agent.model.data.formats.streams import json_elements, json_rows, open_text

DECISIONS = {"yes": "yes", "no": "no", "maybe": "maybe"}
LETTERS = "ABCD"


def pubmedqa(path: Path) -> Iterator[TextQuestion | Defect]:
    """``{"PMID": {"QUESTION", "CONTEXTS", "LONG_ANSWER", "final_decision"}}``; the unlabelled set has no decision."""
    with open_text(path) as stream:
        for element in json_elements(stream):
            row = element.value
            if element.problem or not isinstance(row, dict):
                yield Defect(element.line, element.problem or "the entry is no object", element.key, repr(row))
                continue
            decision = row.get("final_decision", "")
            if decision and decision not in DECISIONS:
                yield Defect(element.line, "the decision is not yes, no or maybe", element.key, repr(decision))
                continue
            context = tuple(strings(row.get("CONTEXTS")))
            if not context:
                yield Defect(element.line, "the entry has no contexts", element.key)
                continue
            try:
                yield TextQuestion(
                    element.key,
                    text(row.get("QUESTION"), "question"),
                    decision or "",
                    DECISIONS,
                    context,
                    str(row.get("LONG_ANSWER") or ""),
                    element.key,
                    path.name,
                )
            except RowError as error:
                yield Defect(element.line, error.reason, element.key, error.got)


def medqa(path: Path) -> Iterator[TextQuestion | Defect]:
    """JSON lines of ``{"question", "options": {"A": ...}, "answer": text of the right one, "answer_idx": "A"}``."""
    for element in json_rows(path):
        row = element.value
        if element.problem or not isinstance(row, dict):
            yield Defect(element.line, element.problem or "the line is no object", "", repr(row))
            continue
        try:
            options = _options(row.get("options"))
            named = str(row.get("id") or f"{path.name}:{element.line}")
            asked = text(row.get("question"), "question")
            yield TextQuestion(named, asked, _right(row, options), options, group=named, origin=path.name)
        except RowError as error:
            yield Defect(element.line, error.reason, "", error.got)


def _options(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) < 2:
        raise RowError("the options are no object of two or more", repr(value))
    return {str(key): text(option, f"option {key}") for key, option in value.items()}


def _right(row: Mapping[str, Any], options: Mapping[str, str]) -> str:
    """Return the key of the right option; "" in a file that tells no answers."""
    key, stated = row.get("answer_idx"), row.get("answer")
    if key is None and stated is None:
        return ""
    if key is None:
        keys = [key for key, option in options.items() if option == str(stated).strip()]
        if len(keys) != 1:
            raise RowError("the answer is not one of the options", str(stated))
        return keys[0]
    if key not in options:
        raise RowError("answer_idx names no option", repr(key))
    if stated is not None and options[key] != str(stated).strip():
        raise RowError("answer and answer_idx disagree", f"{key} and {stated}")
    return str(key)


def medmcqa(path: Path, lowest: int = 1) -> Iterator[TextQuestion | Defect]:
    """JSON lines of ``{"id", "question", "opa" ... "opd", "cop", "exp"}``.

    Args:
        path: The file.
        lowest: ``cop`` of the first option: 1 in the release, 0 in exports of the Hugging Face copy, in which -1
            stands for an answer that is not told.
    """
    for element in json_rows(path):
        row = element.value
        if element.problem or not isinstance(row, dict):
            yield Defect(element.line, element.problem or "the line is no object", "", repr(row))
            continue
        named = str(row.get("id") or f"{path.name}:{element.line}")
        try:
            options = {letter: text(row.get(f"op{letter.lower()}"), f"option {letter}") for letter in LETTERS}
            asked = text(row.get("question"), "question")
            answer = _option(row.get("cop"), lowest)
            explanation = str(row.get("exp") or "")
            yield TextQuestion(named, asked, answer, options, explanation=explanation, group=named, origin=path.name)
        except RowError as error:
            yield Defect(element.line, error.reason, named, error.got)


def _option(cop: Any, lowest: int) -> str:
    if cop is None or (cop == -1 and lowest == 0):
        return ""
    if isinstance(cop, bool) or not isinstance(cop, int) or not 0 <= cop - lowest < len(LETTERS):
        raise RowError(f"cop is not {lowest} to {lowest + len(LETTERS) - 1}", repr(cop))
    return LETTERS[cop - lowest]


def _from_one(counts: Counter[str]) -> str:
    """Say that a file was taken for the release although no row says 4."""
    if not any(counts[letter] for letter in LETTERS) or counts[LETTERS[-1]]:
        return ""
    return "no row says cop 0 or 4, so it is read as 1 to 4; if it is 0 to 3, state --format medmcqa-hf"


_format = partial(Format[TextQuestion], holds="questions")
QUESTIONS = (
    _format(name="pubmedqa", shape='{"PMID": {"QUESTION", "CONTEXTS", "final_decision", ...}}', reader=pubmedqa),
    _format(name="medqa", shape='JSON lines of {"question", "options": {"A": ...}, "answer_idx"}', reader=medqa),
    _format(
        name="medmcqa",
        shape='JSON lines of {"question", "opa" ... "opd", "cop": 1 to 4}',
        reader=medmcqa,
        doubt=_from_one,
    ),
    _format(
        name="medmcqa-hf",
        shape='JSON lines of {"question", "opa" ... "opd", "cop": 0 to 3, or -1}',
        reader=partial(medmcqa, lowest=0),
    ),
)
