"""The tables of a report: the rows that the page and the text of it print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from biomed_agent.model.evaluation import results
from biomed_agent.model.evaluation.baselines import Overlap
from biomed_agent.model.evaluation.metrics import MIN_INTERVAL_EXAMPLES
from biomed_agent.model.evaluation.published import MARKS

if TYPE_CHECKING:
    pass

MAX_LISTED_ROWS = 3
"""bad rows of a reason that the report names; its JSON has more, and the file of bad rows all"""
MAIN_METRICS = ("accuracy", "macro-F1", "BLEU-4", "METEOR", "class", "exact match", "loss")
"""how the names of the scores begin that a table shows beside the headline"""
EvaluationReport = Mapping[str, Any]
MARKS_LINE = "Marks: " + "; ".join(f"{mark}: {meaning}" for mark, meaning in MARKS.items()) + "."


def title(report: EvaluationReport) -> str:
    """Return what was evaluated on what."""
    model = report["model"]
    return f"{report['task']['title']}: {model['name']} {model['revision']}".strip()


def heading_of(section: Mapping[str, Any]) -> str:
    """Return what the examples of a section have in common."""
    return "All questions" if section["kind"] == "all" else f"Questions of kind {section['kind']}"


def facts(report: EvaluationReport) -> list[str]:
    """Return how the scores came about, in sentences."""
    data, train, settings = report["data"], report["train"], report["settings"]
    drawn = f", drawn by hash from {data['of']:,}" if data["of"] > data["examples"] else ""
    benchmark = f"; said to be of {data['benchmark']}" if data.get("benchmark") else ""
    lines = [f"Data: {_named(data)}, {data['examples']:,} {_examples(data['examples'])}{drawn}{benchmark}."]
    if left := data.get("left_out"):
        reasons = "; ".join(f"{count:,}: {reason}{_where(data, reason)}" for reason, count in left.items())
        lines.append(f"Left out, because nothing can be scored against them ({reasons}).")
    if train:
        lines.append(f"Baselines from: {_named(train)}, {train['examples']:,} training examples.")
        lines.append(str(Overlap(**train["overlap"])))
    digest = report["model"]["digest"]
    lines.append(
        f"Decoding: {settings['decoding']}, at most {settings['max_new_tokens']} new tokens; retrieval is off: no "
        f"record reaches the prompt{f'; weights {digest[:12]}' if digest else ''}."
    )
    if "choice" in settings:
        shown = f"; setting {settings['setting']}" if "setting" in settings else ""
        lines.append(f"The choice is taken by: {settings['choice']}{shown}.")
    else:
        words = (
            "SciBERT's word pieces" if settings["tokenizer"] == "SciBERT" else "lower-case runs of letters and digits"
        )
        lines.append(f"Tokens of BLEU and METEOR: {words}; ROUGE without stemmer.")
    lines.append(
        "In brackets: 95 % intervals from 1,000 resamples of the examples (seed "
        f"{settings['seed']}), paired in differences; none for fewer than {MIN_INTERVAL_EXAMPLES} examples, whose "
        "resamples repeat each other. Misses are charged with 0."
    )
    return lines + list(report["notes"])


def _examples(count: int) -> str:
    return "example" if count == 1 else "examples"


def _where(data: Mapping[str, Any], reason: str) -> str:
    """Return where the first rows stand that were left out for a reason."""
    rows = [row for row in data.get("bad_rows", ()) if row["reason"] == reason]
    if not rows:
        return ""
    some = [
        f"{row['file']}:{row['line']}" if row["line"] else f"{row['file']}, {row['where']}"
        for row in rows[:MAX_LISTED_ROWS]
    ]
    return f", {', '.join(some)}{' ...' if data['left_out'][reason] > len(some) else ''}"


def _named(data: Mapping[str, Any]) -> str:
    files = data.get("files") or []
    return ", ".join(f"{file['name']} (SHA-256 {file['sha256'][:12]})" for file in files) or "examples given in Python"


def divided(
    header: Sequence[str], rows: Sequence[Sequence[str]], headline: str
) -> list[tuple[list[str], list[list[str]]]]:
    """Return a table of scores as two: those most asked for, the headline first, and the others if there are any."""

    def of(places: Sequence[int]) -> tuple[list[str], list[list[str]]]:
        first, *others = [[line[0], *(line[place] for place in places)] for line in (header, *rows)]
        return first, others

    names = list(enumerate(header))[1:]
    main = [place for place, name in names if name.startswith((headline, *MAIN_METRICS)) and "mean of" not in name]
    main.sort(key=lambda place: header[place] != headline)
    rest = [place for place, _ in names if place not in main]
    return [of(main), of(rest)] if rest else [of(main)]


def score_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the scores of each system."""
    columns = section["columns"]
    header = [f"{section['examples']:,} examples", *columns]
    rows = []
    for system in section["systems"]:
        name = f"{system['name']} ({system['note']})" if system.get("note") else system["name"]
        rows.append([name, *(number(system["scores"].get(column)) for column in columns)])
    return header, rows


def difference_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the differences between the model and the others."""
    others = [system for system in section["systems"] if system.get("model_minus_this")]
    columns = [column for column in section["columns"] if any(column in other["model_minus_this"] for other in others)]
    rows = [
        [other["name"], *(number(other["model_minus_this"].get(column), signed=True) for column in columns)]
        for other in others
    ]
    return ["model minus", *columns], rows


def miss_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of misses by reason, for the systems that have any."""
    rows = [
        [
            system["name"],
            ", ".join(f"{count:,} {why}" for why, count in system["misses"].items()) or "0",
            f"{system['answers_cut']:,}",
        ]
        for system in section["systems"]
        if system["misses"] or system["answers_cut"] or system["name"] == results.MODEL
    ]
    return ["", "misses", "cut at the limit of tokens"], rows


def bucket_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the headline score by bucket."""
    names = [system["name"] for system in section["systems"]]
    names = [name for name in names if any(name in bucket["scores"] for bucket in section["buckets"])]
    rows = [
        [bucket["name"], f"{bucket['examples']:,}", *(number(bucket["scores"].get(name)) for name in names)]
        for bucket in section["buckets"]
    ]
    return ["similarity", "examples", *names], rows


def compared_line(report: EvaluationReport) -> str:
    """Return what published scores may be compared with."""
    if benchmark := report["data"].get("benchmark"):
        return f"Scores on {benchmark} may be compared with this model's; those on other data may not."
    return (
        "Measured on the data that each row names, not on the examples above, and not to be compared with their "
        "scores. --benchmark NAME says that the examples are those of one of these data sets."
    )


def published_rows(report: EvaluationReport) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of published scores, those on the same data first.

    This model's stand above them only when its examples are said to be of a published data set. A score stands in one
    column with ours only where both are counted in the same tokens.
    """
    benchmark = report["data"].get("benchmark")
    columns, rows = _columns(report), []
    if benchmark:
        section = report["sections"][-1]
        ours = next(system for system in section["systems"] if system["name"] == results.MODEL)
        columns += [c for c in section["columns"] if "mean of" not in c and c not in (*columns, results.LOSS)]
        count = f"{benchmark}: {section['examples']:,} {_examples(section['examples'])}"
        rows = [["this model", count, "measured", *(number(ours["scores"].get(column)) for column in columns), ""]]
    for figure in sorted(report["published"], key=lambda figure: figure["data"] != benchmark):
        name = f"{figure['model']}, {figure['setting']}" if figure["setting"] else figure["model"]
        cells = [f"{figure['scores'][column]:.3f}" if column in figure["scores"] else "" for column in columns]
        note = "; ".join(part for part in (figure["source"], figure["note"]) if part)
        rows.append([name, figure["data"], figure["mark"], *cells, note])
    return ["model", "data", "mark", *columns, "source, caution"], rows


def _columns(report: EvaluationReport) -> list[str]:
    return list(dict.fromkeys(column for figure in report["published"] for column in figure["scores"]))


def number(score: Mapping[str, float | None] | None, signed: bool = False) -> str:
    """Return a score with its interval, three decimals; nothing is below nothing ("-0.000" is "0.000")."""
    if score is None or score["value"] is None:
        return ""
    sign = "+" if signed and _rounded(score["value"]) else ""
    value = f"{_rounded(score['value']):{sign}.3f}"
    if score["low"] is None or score["high"] is None:
        return value
    return f"{value} [{_rounded(score['low']):.3f}, {_rounded(score['high']):.3f}]"


def _rounded(value: float) -> float:
    return round(value, 3) + 0.0  # -0.0 + 0.0 is 0.0
