"""What training and evaluation are made of: structures with a question and its answer, and questions in text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import QUESTIONS

OTHER = "other"
"""Kind of an example whose question is none of :data:`biomed_agent.model.contract.prompt.QUESTIONS`."""
KINDS = (*QUESTIONS, OTHER)
_KIND_OF = {question: kind for kind, question in QUESTIONS.items()} | {"Please describe this drug.": "description"}


def kind_of(question: str) -> str:
    """Return the kind whose question this is word for word (PubChemQA asks some for a drug), else :data:`OTHER`."""
    return _KIND_OF.get(question, OTHER)


@dataclass(frozen=True, slots=True)
class Example:
    """One structure (or a molecule and a protein together), one question, and its answer.

    Raises:
        InvalidInput: A kind without words of its own, and no question.
    """

    kind: str
    """one of :data:`KINDS`"""
    answer: str
    group: str
    """what must not lie on both sides of a split: InChIKey block (molecules) or sequence cluster (proteins); "" as
    long as nobody has computed it (:mod:`.splits` does)"""
    origin: str
    """the file or data set it comes from"""
    smiles: str = ""
    sequence: str = ""
    question: str = ""
    """what is asked; when not given, the question of the kind"""

    def __post_init__(self) -> None:
        if not self.question:
            if self.kind not in QUESTIONS:
                raise InvalidInput(
                    f"an example of kind {self.kind!r} has no question.",
                    f"Only the kinds {', '.join(QUESTIONS)} have a question of their own; state it.",
                )
            object.__setattr__(self, "question", QUESTIONS[self.kind])


@dataclass(frozen=True, slots=True)
class TextQuestion:
    """One question in text, without a structure: multiple choice, or yes, no and maybe."""

    id: str
    text: str
    answer: str
    """key of the right option (``B``, ``yes``); "" where the file does not tell it"""
    options: Mapping[str, str] = field(default_factory=dict)
    """what can be chosen, by key in the file's order: ``{"A": "Aspirin", ...}`` or ``{"yes": "yes", ...}``"""
    context: tuple[str, ...] = ()
    """passages that belong to the question, such as the parts of a PubMed abstract"""
    explanation: str = ""
    """the long answer, where the file has one"""
    group: str = ""
    """what must not lie on both sides of a split: the PMID, or the question's own id"""
    origin: str = ""
