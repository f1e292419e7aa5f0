"""The tasks a model can be scored on, and the words each question is put in.

A prompt holds what the task's own file gives, and nothing else: structure and question, or a question with its
options and (PubMedQA) the abstract that belongs to it. Nothing is looked up, so no record can reach it.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import MAX_RESIDUES
from biomed_agent.model.contract.prompt import Message, user_message
from biomed_agent.model.data.examples import Example, TextQuestion
from biomed_agent.model.network.featurize import featurize_smiles

Row = TypeVar("Row", bound=Example | TextQuestion)
Setting = Literal["reasoning-required", "question-only", "reasoning-free"]
SETTINGS: tuple[Setting, ...] = ("reasoning-required", "question-only", "reasoning-free")
"""What of a PubMedQA entry is shown: the abstract without its conclusion, nothing, or the conclusion."""


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of evaluation."""

    name: str
    title: str
    answers: Literal["text", "choice"]
    structure: Literal["molecule", "protein", ""] = ""
    captions: bool = False
    """whether answers are descriptions that begin with a class"""
    max_new_tokens: int = 256
    headline: str = "ROUGE-L"
    """the score that plots and buckets show"""


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("molecule-captioning", "Molecule captioning", "text", "molecule", captions=True),
        Task("molecule-qa", "Molecule question answering", "text", "molecule"),
        Task("protein-qa", "Protein question answering", "text", "protein"),
        Task("pubmedqa", "PubMedQA", "choice", max_new_tokens=32, headline="accuracy"),
        Task("medmcqa", "MedMCQA", "choice", max_new_tokens=32, headline="accuracy"),
        Task("medqa", "MedQA (USMLE)", "choice", max_new_tokens=32, headline="accuracy"),
    )
}


def task_named(name: str) -> Task:
    """Return a task; raise :class:`InvalidInput` when there is none of that name."""
    try:
        return TASKS[name]
    except KeyError:
        raise InvalidInput(f"there is no task {name!r}; expected one of {', '.join(TASKS)}.") from None


# ---------------------------------------------------------------------------------------------- structures


def key_of(row: Example | TextQuestion) -> str:
    """Return what an example is known by, across runs and orders: a question's own id, else a digest of its fields."""
    if isinstance(row, TextQuestion):
        return row.id
    fields = "\n".join((row.smiles, row.sequence, row.question, row.answer))
    return hashlib.sha256(fields.encode()).hexdigest()[:16]


def sample(rows: Sequence[Row], limit: int | None) -> list[Row]:
    """Return ``limit`` of the rows, drawn by hash so that the draw never changes, in the order of the file."""
    if limit is None or limit >= len(rows):
        return list(rows)
    drawn = sorted(range(len(rows)), key=lambda number: (_lot(key_of(rows[number])), number))[:limit]
    return [rows[number] for number in sorted(drawn)]


def _lot(key: str) -> str:
    return hashlib.sha256(f"evaluate {key}".encode()).hexdigest()


def structure_of(example: Example) -> str:
    """Return SMILES and sequence of an example as one text."""
    return "\n".join(part for part in (example.smiles, example.sequence) if part)


def structure_messages(example: Example) -> list[Message]:
    """Return the prompt of an example: its structures and its question."""
    return [
        user_message(
            example.question,
            smiles=[example.smiles] if example.smiles else [],
            sequences=[example.sequence] if example.sequence else [],
        )
    ]


def as_asked(example: Example) -> Example:
    """Return the example with RDKit's canonical SMILES, which is what the agent gives the model.

    The order of atoms in a file is none that a user can know, and the encoder sees it where chirality is written. What
    cannot be read stays as it is, and the model says so.
    """
    if not example.smiles:
        return example
    try:
        return replace(example, smiles=molecule_from_smiles(example.smiles).smiles)
    except InvalidInput:
        return example


def readable(example: Example) -> bool:
    """Whether the encoders take the structures of an example: the SMILES parses, the sequence is not too long."""
    if len("".join(example.sequence.split())) > MAX_RESIDUES:
        return False
    try:
        return not example.smiles or featurize_smiles(example.smiles) is not None
    except InvalidInput:
        return False


def exchanged(examples: Sequence[Example], seed: int = 0) -> list[Example]:
    """Return the examples with each other's structures, drawn by ``seed``; none keeps its own or an equal one.

    A structure that cannot be read stays where it is: the model is charged for it with or without the exchange, and
    no other example is charged for it.

    Structures are exchanged among the examples of one question. Questions with too few different ones exchange among
    each other, and where that is not enough either, all examples do.

    Raises:
        InvalidInput: One structure stands in more than half of all examples that can be read.
    """
    places: dict[str, list[int]] = {}
    everywhere = [number for number, example in enumerate(examples) if readable(example)]
    for number in everywhere:
        places.setdefault(examples[number].question, []).append(number)
    result, stuck = list(examples), []
    for where in places.values():
        if not _exchange(examples, where, seed, result):
            stuck += where
    if stuck and not any(_exchange(examples, where, seed, result) for where in (stuck, everywhere)):
        raise InvalidInput(
            f"the examples cannot exchange structures: of {len(everywhere):,} that can be read too few differ.",
            "Give more examples, or leave out --controls.",
        )
    return result


def _exchange(examples: Sequence[Example], where: Sequence[int], seed: int, result: list[Example]) -> bool:
    """Exchange structures among some of the examples in ``result``; return whether none would keep its own.

    Examples in drawn order, equal structures next to each other: half a turn leaves none at home, unless one structure
    fills more than half.
    """
    drawn = random.Random(seed).sample(where, len(where))  # noqa: S311  # no secret
    lots = {structure_of(examples[number]): lot for lot, number in reversed(list(enumerate(drawn)))}
    order = sorted(drawn, key=lambda number: lots[structure_of(examples[number])])
    half = len(order) // 2
    pairs = list(zip(order, [*order[half:], *order[:half]], strict=True))
    if any(structure_of(examples[mine]) == structure_of(examples[other]) for mine, other in pairs):
        return False
    for mine, other in pairs:
        given = examples[other]
        result[mine] = replace(examples[mine], smiles=given.smiles, sequence=given.sequence)
    return True


# ---------------------------------------------------------------------------------------------- choices


def choice_messages(question: TextQuestion, setting: Setting = "reasoning-required") -> list[Message]:
    """Return the prompt of a question with options.

    Args:
        question: With passages of its own, they are shown first; options by letter are listed.
        setting: What is shown of the passages.
    """
    passages = {
        "reasoning-required": question.context,
        "question-only": (),
        "reasoning-free": (question.explanation,) if question.explanation else (),
    }[setting]
    lines = ["Abstract:", *passages, ""] if passages else []
    if _spelled_out(question.options):
        lines += [f"Question: {question.text}", f"Answer {_either(list(question.options))}."]
    else:
        lines += [f"Question: {question.text}", *(f"{key}. {text}" for key, text in question.options.items())]
        lines.append("Answer with the letter of the right option.")
    return [user_message("\n".join(lines))]


def questions_exchanged(questions: Sequence[TextQuestion], seed: int = 0) -> list[TextQuestion]:
    """Return the questions with each other's words and passages above their own options; none keeps its own.

    Args:
        questions: At least two.
        seed: Of the order in which each takes the next one's.
    """
    drawn = random.Random(seed).sample(range(len(questions)), len(questions))  # noqa: S311  # no secret
    result = list(questions)
    for mine, other in zip(drawn, [*drawn[1:], drawn[0]], strict=True):
        given = questions[other]
        result[mine] = replace(questions[mine], text=given.text, context=given.context, explanation=given.explanation)
    return result


def _spelled_out(options: Mapping[str, str]) -> bool:
    """Whether options are words such as yes and no, which need no list."""
    return all(key.lower() == text.lower() for key, text in options.items())


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def parse_choice(reply: str, options: Mapping[str, str]) -> str:
    """Return the key of the option that a reply chooses, or "" when it chooses none or more than one.

    In this order: the reply is a key or an option's text; "the answer is (B)" or "Answer: B"; it begins with a key
    that a bracket, full stop, colon or comma follows (a word such as yes may be followed by anything but a letter);
    exactly one option's text occurs in it as whole words.
    """
    text = reply.strip().strip("\"'*").strip()
    plain = text.rstrip(".").strip("() ").lower()
    for key, option in options.items():
        if plain in (key.lower(), option.rstrip(".").lower()):
            return key
    keys = sorted(options, key=len, reverse=True)
    either = "|".join(map(re.escape, keys))
    words = _spelled_out(options)
    flags = re.IGNORECASE if words else 0
    stated = re.findall(rf"(?i:\banswer(?:\s+is|\s*:)\s*(?:option\s+)?)[(\"'*]*({either})\b", text, flags)
    if len({key.lower() for key in stated}) == 1:
        return _key(stated[0], options)
    after = r"(?![A-Za-z]|\s+or\b)" if words else r"\s*[).:,]"
    if opening := re.match(rf"\(?({either}){after}", text, flags):
        return _key(opening[1], options)
    matches = [
        key
        for key, option in options.items()
        if re.search(rf"(?<!\w){re.escape(option.rstrip('.').lower())}(?!\w)", text.lower())
    ]
    return matches[0] if len(matches) == 1 else ""


def _key(answer: str, options: Mapping[str, str]) -> str:
    return next(key for key in options if key.lower() == answer.lower())


# ---------------------------------------------------------------------------------------------- misses

_REFUSAL = re.compile(
    r"^\W*(?:i['’]?m sorry|i am sorry|sorry|i cannot|i can['’]?t|i am (?:unable|not able)|i['’]m (?:unable|not able)|"
    r"as an ai|i do not know|i don['’]t know|unable to answer|cannot answer)\b",
    re.IGNORECASE,
)


def is_refusal(reply: str) -> bool:
    """Whether a reply begins by saying that it is none ("I cannot ...", "I'm sorry", "As an AI", "I do not know")."""
    return _REFUSAL.match(reply) is not None
