"""In which precision a run trains: what its recipe says, or what the processor it begins on computes best."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.inference.machine import Precision, best_precision

AUTO: Literal["auto"] = "auto"
PRECISION = "precision"
"""Key of what was chosen, in the note on what a run was begun with and in those on what it has done."""
COST: Mapping[str, str] = {
    "CPU": "without any for bf16 a training step takes 2 to 10 times as long in bfloat16 as in float32",
    "GPU": "without bf16 units a GPU emulates bfloat16, which is slower than float32",
}
"""By the kind of processor; the first was measured, see ``docs/benchmarks.md``."""


def _check(value: Any) -> Any:
    if value is True or value is False or value == AUTO:
        return value
    raise ValueError(f'got {value!r}; expected true, false or "auto"')


Bf16: TypeAlias = Annotated[bool | Literal["auto"], BeforeValidator(_check)]
"""``bf16`` of a recipe: bfloat16 (true), float32 (false), or what the processor computes best."""


def hashed(bf16: bool | Literal["auto"]) -> bool:
    """Return what the digest of a recipe holds for ``bf16``.

    Recipes that said nothing used to mean true. Their digests stand in manifests and in runs that are not over yet;
    that a run goes on in the precision it was begun in is checked by :func:`precisions`.
    """
    return True if bf16 == AUTO else bf16


def name_of(bf16: bool) -> Literal["bfloat16", "float32"]:
    """Return the precision as torch calls it."""
    return "bfloat16" if bf16 else "float32"


def decide(bf16: bool | Literal["auto"]) -> bool:
    """Return whether to train in bfloat16 on this machine."""
    return best_precision().bf16 if bf16 == AUTO else bf16


def names(wishes: Sequence[bool | Literal["auto"]]) -> list[str]:
    """Return the precision of each stage of a run that begins here."""
    return [name_of(decide(wish)) for wish in wishes]


def precisions(begun: Mapping[str, Any], stages: Mapping[str, bool | Literal["auto"]]) -> dict[str, tuple[bool, str]]:
    """Return for each stage of a run whether it is trained in bfloat16, and what to tell of that.

    A run goes on in the precision it was begun in, whatever the machine it is resumed on computes best: its numbers
    would change otherwise, and nobody would be told.

    Args:
        begun: What the run was begun with.
        stages: ``bf16`` of its recipe by the name of the stage.

    Raises:
        InvalidInput: The recipe has come to ask for another precision than the run was begun in.
    """
    # Before the precision was noted, a recipe that left it open meant bfloat16.
    noted = begun.get(PRECISION) or [name_of(hashed(wish)) for wish in stages.values()]
    best, decided = best_precision(), {}
    for (stage, wish), name in zip(stages.items(), noted, strict=True):
        bf16 = name == name_of(True)
        if wish != AUTO and wish != bf16:
            raise InvalidInput(
                f"{stage} was begun in {name}, and the recipe now says bf16: {str(wish).lower()}.",
                'Say "auto" to resume the run as it was begun, or give another folder to begin anew.',
            )
        decided[stage] = bf16, _precision_text(wish, bf16, best)
    return decided


def _precision_text(wish: bool | Literal["auto"], bf16: bool, best: Precision) -> str:
    """Say in which precision is trained, why, and what it costs where another would be faster."""
    if wish != AUTO:
        why = "as the recipe says"
    else:
        why = best.reason if bf16 == best.bf16 else f"the run was begun in it; here {best.name} is faster"
    text = f"precision: {name_of(bf16)} ({why})"
    if bf16 and not best.bf16:
        text += f"; warning: {best.reason}; {COST[best.processor]}"
    return text
