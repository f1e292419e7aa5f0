"""The report as files: JSON, Markdown, every example, and one page for a browser."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomed_agent.errors import InvalidInput

from . import results
from .baselines import Overlap
from .metrics import FEWEST
from .published import MARKS

if TYPE_CHECKING:
    from .run import Evaluation

SOME = 3
"""bad rows of a reason that the report names; its JSON has more, and the file of bad rows all"""
MAIN = ("accuracy", "macro-F1", "BLEU-4", "METEOR", "class", "exact match", "loss")
"""how the names of the scores begin that a table shows beside the headline"""
FILES = ("report.json", "report.md", "report.html", "examples.jsonl")
Report = Mapping[str, Any]


def write(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write the files of an evaluation into a folder, each whole or not at all; return them.

    Raises:
        InvalidInput: The folder cannot be written.
    """
    from .page import page

    report = evaluation.report
    lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in evaluation.examples)
    texts = (
        json.dumps(report, indent=2, ensure_ascii=False) + "\n",
        markdown(report),
        page(report),
        "".join(lines),
    )
    paths = [folder / name for name in FILES]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, words in zip(paths, texts, strict=True):
            partial = path.with_name(f"{path.name}.partial")
            partial.write_text(words, encoding="utf-8")
            partial.replace(path)
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be written: {error.strerror or error}.", "Give another --output."
        ) from error
    return paths


def markdown(report: Report) -> str:
    """Return the report as Markdown."""
    parts = [f"# {title(report)}", *(f"- {line}" for line in facts(report))]
    text = "\n".join([parts[0], "", *parts[1:], ""])
    for section in report["sections"]:
        heading = f"\n## {heading_of(report, section)}\n\n" if len(report["sections"]) > 1 else "\n"
        text += heading + section_markdown(section, report["task"]["headline"])
    if report["published"]:
        text += (
            f"\n## Published scores\n\n{compared_line(report)}\n\n{MARKS_LINE}\n\n{table(*published_rows(report))}\n"
        )
    return text


MARKS_LINE = "Marks: " + "; ".join(f"{mark}: {meaning}" for mark, meaning in MARKS.items()) + "."


def title(report: Report) -> str:
    """Return what was evaluated on what."""
    model = report["model"]
    return f"{report['task']['title']}: {model['name']} {model['revision']}".strip()


def heading_of(report: Report, section: Mapping[str, Any]) -> str:
    """Return what the examples of a section have in common."""
    return "All questions" if section["kind"] == "all" else f"Questions of kind {section['kind']}"


def facts(report: Report) -> list[str]:
    """Return how the scores came about, in sentences."""
    data, train, settings = report["data"], report["train"], report["settings"]
    drawn = f", drawn by hash from {data['of']:,}" if data["of"] > data["examples"] else ""
    said = f"; said to be of {data['benchmark']}" if data.get("benchmark") else ""
    lines = [f"Data: {_named(data)}, {data['examples']:,} {_examples(data['examples'])}{drawn}{said}."]
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
        f"{settings['seed']}), paired in differences; none for fewer than {FEWEST} examples, whose resamples "
        "repeat each other. Misses are charged with 0."
    )
    return lines + list(report["notes"])


def _examples(count: int) -> str:
    return "example" if count == 1 else "examples"


def _where(data: Mapping[str, Any], reason: str) -> str:
    """Return where the first rows stand that were left out for a reason."""
    rows = [one for one in data.get("bad_rows", ()) if one["reason"] == reason]
    if not rows:
        return ""
    some = [f"{one['file']}:{one['line']}" if one["line"] else f"{one['file']}, {one['where']}" for one in rows[:SOME]]
    return f", {', '.join(some)}{' ...' if data['left_out'][reason] > len(some) else ''}"


def _named(data: Mapping[str, Any]) -> str:
    files = data.get("files") or []
    return ", ".join(f"{one['name']} (SHA-256 {one['sha256'][:12]})" for one in files) or "examples given in Python"


def section_markdown(section: Mapping[str, Any], headline: str) -> str:
    """Return the tables of one section, the scores most asked for before the others."""
    scores = divided(*score_rows(section), headline)
    header, rows = difference_rows(section)
    differences = divided(header, rows, headline) if rows else []
    text = ""
    for where, (one, other) in enumerate(zip_longest(scores, differences)):
        text += f"\nOther scores:\n\n{table(*one)}\n" if where else f"{table(*one)}\n"
        if other:
            text += f"\nModel minus the others, in pairs:\n\n{table(*other)}\n"
    if (use := section["structure"]) and use["n"] >= FEWEST:
        verb = "uses" if use["uses_structure"] else "is not shown to use"
        text += f"\nBy these numbers the model {verb} the structure (two standard errors, in words and in loss).\n"
    header, rows = miss_rows(section)
    if rows:
        text += f"\nMisses and answers cut off:\n\n{table(header, rows)}\n"
    header, rows = bucket_rows(section)
    if rows:
        text += f"\nBy similarity of the nearest training structure:\n\n{table(header, rows)}\n"
    return text


def divided(
    header: Sequence[str], rows: Sequence[Sequence[str]], headline: str
) -> list[tuple[list[str], list[list[str]]]]:
    """Return a table of scores as two: those most asked for, the headline first, and the others if there are any."""

    def of(places: Sequence[int]) -> tuple[list[str], list[list[str]]]:
        first, *others = [[line[0], *(line[place] for place in places)] for line in (header, *rows)]
        return first, others

    names = list(enumerate(header))[1:]
    main = [place for place, name in names if name.startswith((headline, *MAIN)) and "mean of" not in name]
    main.sort(key=lambda place: header[place] != headline)
    rest = [place for place, _ in names if place not in main]
    return [of(main), of(rest)] if rest else [of(main)]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


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
    columns = [column for column in section["columns"] if any(column in one["model_minus_this"] for one in others)]
    rows = [
        [one["name"], *(number(one["model_minus_this"].get(column), signed=True) for column in columns)]
        for one in others
    ]
    return ["model minus", *columns], rows


def miss_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of misses by reason, for the systems that have any."""
    rows = [
        [
            one["name"],
            ", ".join(f"{count:,} {why}" for why, count in one["misses"].items()) or "0",
            f"{one['answers_cut']:,}",
        ]
        for one in section["systems"]
        if one["misses"] or one["answers_cut"] or one["name"] == results.MODEL
    ]
    return ["", "misses", "cut at the limit of tokens"], rows


def bucket_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the headline score by bucket."""
    names = [system["name"] for system in section["systems"]]
    names = [name for name in names if any(name in one["scores"] for one in section["buckets"])]
    rows = [
        [one["name"], f"{one['examples']:,}", *(number(one["scores"].get(name)) for name in names)]
        for one in section["buckets"]
    ]
    return ["similarity", "examples", *names], rows


def compared_line(report: Report) -> str:
    """Return what published scores may be compared with."""
    if benchmark := report["data"].get("benchmark"):
        return f"Scores on {benchmark} may be compared with this model's; those on other data may not."
    return (
        "Measured on the data that each row names, not on the examples above, and not to be compared with their "
        "scores. --benchmark NAME says that the examples are those of one of these data sets."
    )


def published_rows(report: Report) -> tuple[list[str], list[list[str]]]:
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
    for one in sorted(report["published"], key=lambda one: one["data"] != benchmark):
        name = f"{one['model']}, {one['setting']}" if one["setting"] else one["model"]
        cells = [f"{one['scores'][column]:.3f}" if column in one["scores"] else "" for column in columns]
        note = "; ".join(part for part in (one["source"], one["note"]) if part)
        rows.append([name, one["data"], one["mark"], *cells, note])
    return ["model", "data", "mark", *columns, "source, caution"], rows


def _columns(report: Report) -> list[str]:
    return list(dict.fromkeys(column for one in report["published"] for column in one["scores"]))


def scores_table(scores: Mapping[str, results.Scores]) -> str:
    """Return what the structures are worth, by kind of question, as the Markdown table of a model card."""
    header = ["kind", "n", "ROUGE-L", "exchanged", "difference", "best constant", "loss", "exchanged", "difference"]
    rows = []
    for kind, one in scores.items():
        words = [
            f"{one.rouge_l:.3f}",
            f"{one.shuffled:.3f}",
            f"{one.rouge_l - one.shuffled:.3f} ± {one.rouge_l_error:.3f}",
        ]
        constant = "" if one.constant is None else f"{one.constant:.3f}"
        loss = ["", "", ""]
        if one.loss is not None and one.loss_shuffled is not None and one.loss_error is not None:
            cost = f"{one.loss_shuffled - one.loss:.3f} ± {one.loss_error:.3f}"
            loss = [f"{one.loss:.3f}", f"{one.loss_shuffled:.3f}", cost]
        rows.append([kind, f"{one.n:,}", *words, constant, *loss])
    return table(header, rows)


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
