"""The model beside the records: when it is asked, which of its answers is taken, and how much of that is shown.

Records and computation answer first. Of several samples those that a check contradicts are left out; of the chosen one
only what was decided is shown, the rest is counted (:class:`~biomed_agent.core.types.ModelStatement`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import BiomedAgentError
from biomed_agent.core.types import Claim, Evidence, ModelStamp, ModelStatement, Molecule, Protein, Verdict, Withheld
from biomed_agent.core.words import listed
from biomed_agent.model.contract.generation import Generation, Options, options_for
from biomed_agent.model.contract.prompt import literature_messages
from biomed_agent.model.contract.samples import Choice, ask_and_choose
from biomed_agent.trust.claims import contradicts
from biomed_agent.trust.claims.statement import sentences

if TYPE_CHECKING:
    from biomed_agent.answering.context import AnswerContext

WITHOUT_MODEL = (
    "A model trained for this may add an answer in words: pip install 'biomed-agent[model]' for the small one, "
    "or set BIOMED_AGENT_HOST."
)
SWITCHED_OFF = (
    "The model is switched off by --model none or the setting BIOMED_AGENT_MODEL=none; "
    "leave that out for an answer in words as well."
)
RECORDS_ANSWER = "the model (records answer)"
_NOTHING_DECIDES = "nothing at hand decides it"
"""of an undecided sentence; the reason itself quotes its words"""
_NOT_COMPARED = "not compared with the passages"
_EMPTY = "The model gave an empty answer."


def ask_model(
    context: AnswerContext, kind: str, entity: Molecule | Protein, message: dict[str, Any], *, recorded: bool
) -> None:
    """Ask the model about ``entity`` if it is to be asked.

    Args:
        context: The call; its draft takes the statement, or the error of a model that gave none.
        kind: Kind of question.
        entity: What the model is asked about, and what its sentences are checked against.
        message: The prompt.
        recorded: Whether a record answers the question.
    """
    draft, components = context.draft, context.components
    if context.model == "never":
        return
    generator = components.generator
    if recorded and context.model == "auto":
        if generator is not None:
            draft.not_looked_up.append(RECORDS_ANSWER)
        return
    if generator is None:
        draft.next_steps.append(SWITCHED_OFF if components.model_off else WITHOUT_MODEL)
        return
    claims: dict[str, tuple[Claim, ...]] = {}
    check = context.checker(entity)

    def contradicted(text: str) -> bool:
        claims[text] = check(text)
        return contradicts(claims[text])

    try:
        stamp = generator.stamp
        if kind not in stamp.kinds and not (context.model == "always" and kind in stamp.not_offered):
            draft.not_looked_up.append(_not_offered(stamp, kind))
            return
        options = options_for(stamp, kind)
        choice = ask_and_choose(generator, [message], options, contradicted)
    except BiomedAgentError as error:
        draft.model_error = error
        return
    text = choice.generation.text
    if not text.strip():
        draft.warnings.append(_EMPTY)
        return
    draft.model = replace(
        _with_choice(make_statement(claims[text], stamp, everything=context.show_undecided), choice),
        not_offered="" if kind in stamp.kinds else stamp.not_offered[kind],
        saw=_seen(message),
    )
    draft.warnings += _warnings(draft.model, choice, options)


def synthesis(context: AnswerContext, question: str, evidence: Sequence[Evidence]) -> ModelStatement | None:
    """Let the model answer from passages, if it is offered for literature; a failure is a warning."""
    draft, generator = context.draft, context.components.generator
    if generator is None or context.model == "never":
        return None
    try:
        stamp = generator.stamp
        if "literature" not in stamp.kinds:
            return None
        options = options_for(stamp, "literature")
        choice = ask_and_choose(generator, literature_messages(question, evidence), options)
    except BiomedAgentError as error:
        draft.warnings.append(f"{compose.NO_ANSWER}: {error}")
        return None
    if not choice.generation.text.strip():
        draft.warnings.append(_EMPTY)
        return None
    claims = [Claim(sentence, "unverified", _NOT_COMPARED) for sentence in sentences(choice.generation.text)]
    statement = _with_choice(make_statement(claims, stamp, everything=context.show_undecided), choice)
    draft.warnings += _warnings(statement, choice, options)
    return replace(statement, saw="the numbered passages")


def make_statement(claims: Sequence[Claim], stamp: ModelStamp, *, everything: bool = False) -> ModelStatement:
    """Return the sentences of a model as far as they are shown, and why the others are not.

    Args:
        claims: Its sentences, checked.
        stamp: Which model.
        everything: Whether the caller asked to see all of them.
    """
    hidden: frozenset[Verdict] = frozenset({"contradicted", "unverified"} if stamp.demonstration else {"contradicted"})
    if everything:
        hidden = frozenset()
    left = tuple(claim for claim in claims if claim.verdict not in hidden)
    return ModelStatement(
        " ".join(claim.text for claim in left),
        stamp,
        left,
        tuple(_withheld(claim) for claim in claims if claim.verdict in hidden),
    )


def _with_choice(statement: ModelStatement, choice: Choice) -> ModelStatement:
    """Return a statement that says of how many answers it was chosen, how, and what was cut."""
    return replace(
        statement,
        agreement=choice.generation.agreement,
        truncated=_truncated(choice.generation),
        samples=choice.drawn,
        rejected=choice.rejected,
    )


def _withheld(claim: Claim) -> Withheld:
    """Return why a sentence is not shown; why nothing decides one is said in its own words, which would show it."""
    return Withheld(claim.verdict, claim.why if claim.verdict == "contradicted" else _NOTHING_DECIDES)


def why_unasked(context: AnswerContext) -> str:
    """Say in one sentence why the model was not asked, and what it can be asked."""
    generator = context.components.generator
    if context.model == "never":
        return "No model was asked."
    if generator is None:
        return f"No model was asked: {'it is switched off' if context.components.model_off else 'none is set up'}."
    try:
        stamp = generator.stamp
    except BiomedAgentError as error:
        return f"The model was not asked: {error.message}"
    return f"The model {stamp.name} was not asked: it answers {_kinds_text(stamp.kinds)} only."


def _not_offered(stamp: ModelStamp, kind: str) -> str:
    why = stamp.not_offered.get(kind, "its manifest does not list that kind")
    return f"{stamp.name} (not offered for {kind}: {why}; it answers {_kinds_text(stamp.kinds)})"


def _truncated(generation: Generation) -> str:
    cut = f"its answer was cut after {generation.new_tokens} tokens" if generation.finish_reason == "length" else ""
    return "; ".join(part for part in (generation.truncated, cut) if part)


def _seen(message: dict[str, Any]) -> str:
    """Say what of the things asked about the model was shown."""
    words = {"molecule": "structure", "protein": "sequence"}
    parts = {words[part["type"]]: None for part in message["content"] if part["type"] in words}
    return f"{' and '.join(parts)} only" if parts else "the question only"


def _warnings(statement: ModelStatement, choice: Choice, options: Options) -> list[str]:
    warnings = []
    if statement.truncated and statement.claims:
        warnings.append(f"The model: {statement.truncated}.")
    if choice.drawn < options.mbr_samples:
        warnings.append(
            f"The model: its host gave {choice.drawn} of the {options.mbr_samples} samples that its manifest asks for."
        )
    return warnings


def _kinds_text(kinds: Sequence[str]) -> str:
    return listed(kinds) or "nothing"
