"""The only prompt template: chat messages in, text segments and structure slots out.

Pure functions, no model imports. Asking and training both read this module, so a model is asked in
exactly the words it was trained on.

A message is ``{"role": "system" | "user" | "assistant", "content": str | [part, ...]}`` and a part is
``{"type": "text", "text": ...}``, ``{"type": "molecule", "smiles": ...}`` or
``{"type": "protein", "sequence": ...}``. As in the reference implementation of BioMedGPT-10B
(PharMolix/OpenBioMed v1, ``Conversation``), each structure opens a Human turn of its own and only the
last structure of a user message shares its turn with the question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Evidence

Message: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text; it is tokenized on its own, so SentencePiece puts its dummy prefix in front."""

    text: str


@dataclass(frozen=True, slots=True)
class MoleculeSlot:
    """Stands for one vector per atom of ``smiles``, in RDKit's atom order of that very string."""

    smiles: str


@dataclass(frozen=True, slots=True)
class ProteinSlot:
    """Stands for one vector per ESM token of ``sequence`` (``<cls>``, residues, ``<eos>``)."""

    sequence: str


Segment: TypeAlias = Text | MoleculeSlot | ProteinSlot


@dataclass(frozen=True, slots=True)
class PromptStyle:
    """The fixed words around messages.

    Args:
        name: Key in :data:`STYLES`, stored beside the weights that were trained with it.
        system: System text used when the messages bring none; its trailing space is part of it. None
            leaves out the text and the separator after it.
        separator: Stands between turns, with one space on both sides.
    """

    name: str
    system: str | None
    separator: str = "###"
    human: str = "Human"
    assistant: str = "Assistant"


REFERENCE = PromptStyle(
    "reference",
    "You are working as an excellent assistant in chemistry and molecule discovery. Below a human expert "
    "gives the representation of a molecule or a protein. Answer questions about it. ",
)
"""The words of the reference implementation; the default for released BioMedGPT weights."""
COMPACT = PromptStyle("compact", None)
"""No system text: a small model's context is better spent on the structure."""
STYLES: dict[str, PromptStyle] = {style.name: style for style in (REFERENCE, COMPACT)}

QUESTIONS: dict[str, str] = {
    "description": "Please describe this molecule.",
    "name": "What are the official names of this protein?",
    "function": "What is the function of this protein?",
    "family": "What is the protein family that this protein belongs to?",
    "location": "What are the subcellular locations of this protein?",
}
"""The question a model is trained on and asked for each kind (wording of PubChemQA and UniProtQA)."""
PAIR_QUESTION = "Does this molecule bind to this protein?"
"""The question about a molecule and a protein together, for models whose manifest lists the kind ``activity``."""


def style_named(name: str) -> PromptStyle:
    """Return the style called ``name``; raise :class:`InvalidInput` when there is none."""
    try:
        return STYLES[name]
    except KeyError:
        raise InvalidInput(f"unknown prompt style {name!r}; expected one of {', '.join(sorted(STYLES))}.") from None


def user_message(question: str, *, smiles: Sequence[str] = (), sequences: Sequence[str] = ()) -> dict[str, Any]:
    """Return one user message holding the structures (molecules first), then the question."""
    parts: list[dict[str, str]] = [{"type": "molecule", "smiles": structure} for structure in smiles]
    parts += [{"type": "protein", "sequence": sequence} for sequence in sequences]
    if question:
        parts.append({"type": "text", "text": question})
    return {"role": "user", "content": parts}


def literature_messages(question: str, passages: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return the messages that ask for an answer from numbered passages, the only evidence ever shown."""
    shown = "\n".join(
        f"[{passage.number}] {passage.article.title} ({passage.article.year}) {passage.text}" for passage in passages
    )
    return [
        {
            "role": "user",
            "content": f"Passages:\n{shown}\n\nAnswer from these passages only and cite them as [1]. "
            f"Write: I cannot answer, when they do not answer it.\nQuestion: {question}",
        }
    ]


def drop_oldest_turns(
    messages: Sequence[Message], limit: int, size: Callable[[Sequence[Message]], int]
) -> tuple[list[Message], int]:
    """Leave out as few of the oldest turns as it takes to bring a conversation down to a size.

    A turn is what the user sent, structures included, with the answer to it; it is kept or dropped whole. System
    messages and the newest turn are always kept.

    Args:
        messages: The conversation, oldest first.
        limit: The largest size that fits.
        size: Tells the size of messages, such as their number of positions in the model.

    Returns:
        The messages that are left, and how many turns were dropped. They are still larger than ``limit`` when not
        even the newest turn fits.
    """
    system = [message for message in messages if message.get("role") == "system"]
    turns = _whole_turns(messages)
    left, dropped = list(messages), 0
    while len(turns) > 1 and size(left) > limit:
        turns, dropped = turns[1:], dropped + 1
        left = [*system, *(message for turn in turns for message in turn)]
    return left, dropped


def _whole_turns(messages: Sequence[Message]) -> list[list[Message]]:
    """Group messages but the system's: a user message that follows an answer opens a turn."""
    turns: list[list[Message]] = []
    for message in messages:
        role = message.get("role")
        if role == "system":
            continue
        if not turns or (role == "user" and turns[-1][-1].get("role") == "assistant"):
            turns.append([])
        turns[-1].append(message)
    return turns


def render(messages: Sequence[Message], style: PromptStyle = REFERENCE) -> list[Segment]:
    """Turn messages into the segments the model reads, ending where the assistant is to speak.

    Args:
        messages: The conversation, oldest first, ending in a user message. An assistant message's
            content is what it answered.
        style: The words around it.

    Returns:
        Segments in prompt order; neighbouring texts are merged, so that each text is tokenized alone.

    Raises:
        InvalidInput: A message or part of unknown kind, or a part without its value.
    """
    system, turns = _turns(messages, style)
    segments: list[Segment] = []
    text = "" if system is None else f"{system}{style.separator} "
    for role, pieces in turns:
        text += f"{role}: "
        for piece in pieces:
            if isinstance(piece, Text):
                text += piece.text
            else:
                segments += [Text(text), piece]
                text = ""
        if pieces and pieces != [Text("")]:  # after an empty turn the reference writes no separator
            text += f" {style.separator} "
    segments.append(Text(f"{text}{style.assistant}: "))
    return segments


def _turns(messages: Sequence[Message], style: PromptStyle) -> tuple[str | None, list[tuple[str, list[Segment]]]]:
    """Split messages into (role, pieces) turns as the reference does."""
    system = style.system
    turns: list[tuple[str, list[Segment]]] = []
    for message in messages:
        role, content = message.get("role"), message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())
        if role == "system":
            system = "".join(str(part.get("text", "")) for part in parts)
        elif role == "assistant":
            answer = "".join(str(part.get("text", "")) for part in parts)
            turns.append((style.assistant, [Text(answer)] if answer else []))
        elif role == "user":
            turns += [(style.human, pieces) for pieces in _human_turns(parts)]
        else:
            raise InvalidInput(f"message with role {role!r}; expected system, user or assistant.")
    return system, turns


def _human_turns(parts: Sequence[Mapping[str, Any]]) -> list[list[Segment]]:
    turns: list[list[Segment]] = []
    for part in parts:
        kind = part.get("type")
        if kind == "molecule" and part.get("smiles"):
            turns.append([Text("<molecule>"), MoleculeSlot(str(part["smiles"])), Text("</molecule>")])
        elif kind == "protein" and part.get("sequence"):
            turns.append([Text("<protein>"), ProteinSlot(str(part["sequence"])), Text("</protein>")])
        elif kind == "text":
            words = str(part.get("text", ""))
            last = turns[-1] if turns else None
            if last is not None and len(last) == 3:  # the structure alone: the question joins its turn
                last.append(Text(f" {words}"))
            elif last is not None:
                last.append(Text(words))
            else:
                turns.append([Text(words)])
        else:
            raise InvalidInput(
                f"content part {dict(part)!r} cannot be read.",
                "Expected type text (with text), molecule (with smiles) or protein (with sequence).",
            )
    return turns
