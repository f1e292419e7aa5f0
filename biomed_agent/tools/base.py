"""What all tools share: the agent behind them, the shape of their results, what they say of wrong arguments."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event
from langchain_core.tools import BaseTool, ToolException
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.v1 import ValidationError as ValidationErrorV1

from biomed_agent.answering.resolving.input_files import files_closed
from biomed_agent.answering.wording import to_tool_text
from biomed_agent.answering.wording.words import shorten
from biomed_agent.core.errors import BiomedAgentError
from biomed_agent.core.identifiers import refuse_file
from biomed_agent.core.types import Answer, EgressPolicy, ModelUse, Status
from biomed_agent.tools.handles import Handles

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent

INSTEAD_OF_FILE = "A tool opens no file: pass a name, an identifier, the structure or the sequence itself."
PROGRESS_EVENT = "biomed_agent_progress"
"""Name of the custom event a tool sends when it starts and when it has an answer."""


class AgentFactory:
    """Makes one agent at the first question, whichever tool or thread asks first.

    Args:
        options: Arguments of :class:`biomed_agent.BioMedAgent`. Local files stay closed unless they say otherwise;
            within a tool they are closed whatever they say, because a language model writes its arguments.
    """

    def __init__(self, **options: Any) -> None:
        self._options = {"files": False} | options
        self._lock = threading.Lock()
        self._agent: BioMedAgent | None = None

    def __call__(self) -> BioMedAgent:
        """Return the agent, made now if it was not."""
        with self._lock:
            if self._agent is None:
                from biomed_agent.answering.agent import BioMedAgent

                self._agent = BioMedAgent(**self._options)
            return self._agent

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as options: the copy makes an agent of its own."""
        return functools.partial(AgentFactory, **self._options), ()


@functools.cache
def default_agent() -> AgentFactory:
    """Return what makes the agent of tools that were made without one; it reads its settings from the environment."""
    return AgentFactory()


@functools.cache
def default_handles() -> Handles:
    """Return the handles of tools that were made without a toolkit."""
    return Handles()


def agent_of(agent: Any) -> Any:
    """Return whoever answers: what is given as the agent, or what a factory makes.

    Raises:
        BiomedAgentError: The settings it reads cannot be used.
    """
    return agent() if isinstance(agent, AgentFactory) else agent


def policy_of(agent: Any) -> EgressPolicy:
    """Return the egress policy of whoever answers; ``names-only`` when it does not say."""
    policy: EgressPolicy = "names-only"
    with contextlib.suppress(BiomedAgentError):  # settings that cannot be read
        answering = agent_of(agent)
        policy = getattr(getattr(answering, "settings", answering), "egress", policy)
    return policy if policy in get_args(EgressPolicy) else "names-only"


def model_use(agent: Any) -> dict[str, ModelUse]:
    """Return the argument that keeps the demonstration model out of a calling model's context.

    It ships for people who try the package; a host, a folder or ``embedded`` in the settings of the agent is a wish for
    that model. Who is no :class:`biomed_agent.BioMedAgent` decides for itself.
    """
    from biomed_agent.answering.agent import BioMedAgent

    if isinstance(agent, BioMedAgent) and not agent.settings.host and not agent.settings.model:
        return {"model": "never"}
    return {}


class Strict(BaseModel):
    """Arguments of a tool: no others than those named, white space around them ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Arguments(Strict):
    """What every question-answering tool takes."""

    question: str = Field(min_length=1, description="One question in plain words.")


def explain(error: ValidationError | ValidationErrorV1) -> str:
    """Return what is wrong with the arguments, one sentence for each field, for the model that wrote them."""
    sentences = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"]) or "arguments"
        if problem["type"] == "missing":
            sentences.append(f"{name} is missing; expected a string.")
        elif problem["type"] == "extra_forbidden":
            sentences.append(f"{name} is not an argument of this tool; leave it out.")
        else:
            rule = problem["msg"]
            sentences.append(f"{name}: got {shorten(repr(problem.get('input')), 80)}; {rule[:1].lower()}{rule[1:]}.")
    return unanswered("invalid", " ".join(sentences))


class BioMedTool(BaseTool):
    """A tool that asks the agent one question.

    Subclasses say what they are called, when to use them and what they take; the arguments go to the agent
    under their own names.
    """

    model_config = ConfigDict(extra="forbid")

    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: Any = True
    handle_validation_error: Any = explain
    agent: Any = Field(default_factory=default_agent, exclude=True, repr=False)
    """whoever answers: a :class:`biomed_agent.BioMedAgent`, an :class:`AgentFactory`, or what has the same verbs"""
    handles: Handles = Field(default_factory=default_handles, exclude=True, repr=False)
    """the structures that were given, by the handles the calling model knows them by"""

    def _run(self, **arguments: Any) -> tuple[str, dict[str, Any]]:
        with contextlib.suppress(RuntimeError):  # outside a run there is nobody to tell
            dispatch_custom_event(PROGRESS_EVENT, self._start_event())
        try:
            opened = self._open_handles(arguments)
            with files_closed(INSTEAD_OF_FILE):
                agent = agent_of(self.agent)
                verb, given = self._call(agent, opened)
                answer: Answer = getattr(agent, verb)(**given)
        except BiomedAgentError as error:
            raise self._as_tool_error(error, arguments) from error
        with contextlib.suppress(RuntimeError):
            dispatch_custom_event(PROGRESS_EVENT, self._answer_event(answer))
        return self.tell(answer, arguments), answer.to_dict()

    async def _arun(self, **arguments: Any) -> tuple[str, dict[str, Any]]:
        with contextlib.suppress(RuntimeError):
            await adispatch_custom_event(PROGRESS_EVENT, self._start_event())
        try:
            opened = self._open_handles(arguments)
            with files_closed(INSTEAD_OF_FILE):
                agent = agent_of(self.agent)
                verb, given = self._call(agent, opened)
                answer: Answer = await getattr(agent, f"a{verb}")(**given)
        except BiomedAgentError as error:
            raise self._as_tool_error(error, arguments) from error
        with contextlib.suppress(RuntimeError):
            await adispatch_custom_event(PROGRESS_EVENT, self._answer_event(answer))
        return self.tell(answer, arguments), answer.to_dict()

    def _open_handles(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with every handle opened; refuse a file, whatever agent answers in whatever thread."""
        opened: dict[str, Any] = self.handles.resolve(arguments)
        for name, value in opened.items():
            if name not in ("question", "query"):  # words, of which no file is ever read
                _refuse_files(value)
        return opened

    def _call(self, agent: Any, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the verb of the agent that is called, and its arguments."""
        return "ask", {**model_use(agent), **arguments}

    def tell(self, answer: Answer, arguments: Mapping[str, Any]) -> str:
        """Return what the calling model is told of an answer; a user's own structure by its handle."""
        policy, given = policy_of(self.agent), self.handles.resolve(dict(arguments))
        text = to_tool_text(self.handles.hide(answer, policy))
        return self.handles.scrub(text, answer, given, policy)

    def _as_tool_error(self, error: BiomedAgentError, arguments: Mapping[str, Any]) -> ToolException:
        reason = unanswered(error.status, str(error))
        given = self.handles.resolve(dict(arguments))
        return ToolException(self.handles.scrub(reason, Answer("", error.status, ""), given, policy_of(self.agent)))

    def _start_event(self) -> dict[str, Any]:
        return {"tool": self.name, "stage": "asking"}

    def _answer_event(self, answer: Answer) -> dict[str, Any]:
        return {"tool": self.name, "stage": "answered", "status": answer.status, "seconds": answer.seconds}


def _refuse_files(value: Any) -> None:
    """Raise :class:`~.errors.InvalidInput` when an argument, or one within it, names a file."""
    if isinstance(value, str):
        refuse_file(value, INSTEAD_OF_FILE)
    elif isinstance(value, Mapping):
        _refuse_files([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_files(part)


def unanswered(status: Status, reason: str) -> str:
    """Return the text of a call that never reached the agent; its first line is that of any unanswered call."""
    return to_tool_text(Answer("", status, reason))
