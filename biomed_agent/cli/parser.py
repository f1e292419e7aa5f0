"""The words of the command line. ``argparse`` only, and nothing of the package that takes time to import."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from biomed_agent.cli.data import add_commands as add_data
from biomed_agent.cli.evaluate import add_arguments as add_evaluate
from biomed_agent.cli.train import add_commands as add_train
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.version import __version__

EXAMPLES = """examples:
  biomed-agent ask "What is the molecular weight of aspirin?"
  biomed-agent ask "Describe it." --molecule "smiles:CC(=O)Oc1ccccc1C(=O)O"
  biomed-agent ask "Does it bind?" --molecule imatinib --protein ABL1 --json
  biomed-agent check "It contains a sulfonamide." --molecule celecoxib
  biomed-agent find protein EGFR
  biomed-agent find molecule --input names.txt --output found.csv
  biomed-agent find similar caffeine --limit 5
  biomed-agent ask --input questions.csv --output answers.jsonl

exit codes: 0 answered, 1 a bug, 2 bad input, 3 not found, 4 unavailable, 5 ambiguous, 6 refused by policy,
7 inapplicable, 130 interrupted
"""


FOUND = ("molecule", "protein", "literature", "similar", "substructure", "properties")
"""what ``find`` looks for: what a name names, or what is like, holds or follows from a molecule"""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument like any other bad input: one line, exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message}.", f"See: {self.prog} --help")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; the parsed ``run`` names the function that does the work as ``module.function``."""
    common = _common()
    parser = _Parser(
        prog="biomed-agent",
        description="Answers questions about molecules, proteins and the literature, with sources.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="biomed-agent [SETTINGS] COMMAND ...",
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"biomed-agent {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True, prog="biomed-agent")

    def add(
        into: Any, name: str, run: str, words: str, usage: str = "", settings: argparse.ArgumentParser = common
    ) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = into.add_parser(
            name,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            usage=f"%(prog)s {usage} [OPTIONS]".replace("  ", " "),
            parents=[settings],
            allow_abbrev=False,
        )
        made.set_defaults(run=run)
        return made

    def group(name: str, words: str) -> Any:
        made = commands.add_parser(name, help=words, usage=f"biomed-agent {name} ACTION [OPTIONS]", parents=[common])
        return made.add_subparsers(metavar="ACTION", dest="action", required=True, prog=f"biomed-agent {name}")

    ask = add(commands, "ask", "ask.ask", "answer one question, or a file of questions", "[QUESTION | - ]")
    _ask_arguments(ask)
    chat = add(commands, "chat", "ask.chat", "ask several questions in a row; a follow-up is about the same molecule")
    _opinion_arguments(chat)
    check = add(commands, "check", "ask.check", "check a statement against structure and records", "STATEMENT")
    check.add_argument("statement", help="one or more sentences, or - for standard input")
    _entity_arguments(check)
    _output_arguments(check)
    looked_up = "look names up and say what they are, without asking the model"
    _find_arguments(add(commands, "find", "find.find", looked_up, f"{{{','.join(FOUND)}}} NAME..."))
    _index_commands(group("index", "local indexes"), add)
    shown = add(group("config", "settings"), "show", "config.config_show", "show every setting and where it came from")
    shown.add_argument("--json", action="store_true", help="write JSON")
    words = (
        "say what this machine has and how a model fits on it; --egress alone proves what leaves it, "
        "--live asks the services whether they answer as expected"
    )
    doctor = add(commands, "doctor", "doctor.doctor", words, "[MODEL]", _common(prove=True))
    doctor.add_argument("of", nargs="?", metavar="MODEL", help="checkpoint folder, or a name such as biomedgpt-10b")
    doctor.add_argument("--tokens", type=int, metavar="N", help="positions to plan for (default 2048)")
    doctor.add_argument("--json", action="store_true", help="write JSON")
    doctor.add_argument("--verbose", action="store_true", help="with --egress: every call and what left")
    doctor.add_argument("--live", action="store_true", help="ask each service what its readers need; says what is sent")
    doctor.add_argument("--yes", action="store_true", help="with --live: send it without asking")
    _checkpoint_commands(group("checkpoint", "model folders"), add)
    add_train(group("train", "training"), add)
    add_evaluate(
        add(
            commands,
            "evaluate",
            "evaluate.evaluate",
            "score a model on a task, or on all of the paper",
            "TASK --data FILE...",
        )
    )
    add_data(group("data", "data sets"), add)
    add(group("cache", "files kept between runs"), "clear", "config.cache_clear", "delete cached replies and indexes")
    return parser


def _index_commands(actions: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    from biomed_agent.cli.indexes import add_arguments, add_info_arguments

    words = "build a local index from dumps of PubChem, UniProt, PubMed, ChEMBL and BindingDB"
    usage = "--output FILE [--molecules|--proteins|--articles|--activities DUMP...]"
    add_arguments(add(actions, "build", "indexes.build", words, usage))
    add_info_arguments(add(actions, "info", "indexes.info", "say what local indexes hold", "[FILE...]"))


def _checkpoint_commands(actions: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    words = "make a checkpoint folder of weights that others wrote"
    taken = add(
        actions, "import", "checkpoint.import_weights", words, "[SOURCE... --esm FOLDER] --lm FOLDER --output FOLDER"
    )
    taken.add_argument(
        "source",
        nargs="*",
        help="biomedgpt_10b.pth, its pieces in order or as a quoted pattern, or a GraphMVP .pth; without it and --esm "
        "the language model alone, which answers from literature and text",
    )
    taken.add_argument("--lm", required=True, metavar="FOLDER", help="language model: config.json, tokenizer, weights")
    taken.add_argument("--esm", metavar="FOLDER", help="ESM-2: such a folder, or a fair-esm .pt file")
    taken.add_argument("--output", required=True, metavar="FOLDER", help="checkpoint folder to write")
    taken.add_argument(
        "--dtype",
        choices=("keep", "float16", "bfloat16", "float32"),
        default="keep",
        help="of language model and ESM-2 (default: as stored); the small parts are always float32",
    )
    taken.add_argument("--name", help="name the model gives itself (default BioMedGPT-10B, or the folder's)")
    taken.add_argument("--force", action="store_true", help="replace a checkpoint folder of that name")
    taken.add_argument("--report", metavar="FILE", help="write what became of every key as JSON")
    shown = add(actions, "inspect", "checkpoint.inspect", "say what a checkpoint folder holds", "FOLDER")
    shown.add_argument("folder")
    shown.add_argument("--json", action="store_true", help="write JSON")
    proved = add(actions, "verify", "checkpoint.verify", "compare a folder with its digests", "[--published] FOLDER")
    proved.add_argument("folder")
    proved.add_argument(
        "--published",
        action="store_true",
        help="also load it, ask what the released demo was asked, and compare: an acceptance report",
    )
    proved.add_argument("--output", metavar="FILE", help="with --published: write the report as JSON, to send back")
    proved.add_argument("--json", action="store_true", help="with --published: write JSON instead of the page")


def _common(prove: bool = False) -> _Parser:
    """Return the flags that may stand before or after the command; absent ones leave no trace.

    Args:
        prove: Whether ``--egress`` may stand without a policy, as a command of its own (:mod:`.egress_proof`).
    """
    alone: dict[str, Any] = {"nargs": "?", "const": True, "metavar": "POLICY"} if prove else {}
    parser = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    flags = parser.add_argument_group("settings (a flag beats the environment, which beats the settings file)")
    flags.add_argument("--host", metavar="URL", help="base URL of a model host")
    flags.add_argument("--model", metavar="FOLDER", help="checkpoint folder, 'embedded' or 'none'")
    flags.add_argument(
        "--load-in",
        choices=("fp32", "bf16", "8bit", "4bit"),
        help="precision of a local model (default bf16 on a GPU with bf16, else fp32; see doctor)",
    )
    flags.add_argument("--index", metavar="FILE", action="append", help="further index to search; may be repeated")
    flags.add_argument("--offline", action="store_true", help="ask no database")
    flags.add_argument(
        "--egress",
        choices=("public", "names-only", "nothing"),
        help="what may leave this machine (default names-only)" + ("; without a policy: prove what does" * prove),
        **alone,
    )
    flags.add_argument("--cache-dir", metavar="FOLDER", help="folder for cached replies and built indexes")
    flags.add_argument("--timeout", type=float, metavar="SECONDS", help="time one look-up may take in all")
    flags.add_argument("--quiet", action="store_true", help="no progress on standard error")
    flags.add_argument("--no-color", action="store_true", help="no colours (NO_COLOR is obeyed too)")
    return parser


def _entity_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--molecule", metavar="NAME", help="name, identifier, SMILES or InChI; @FILE reads a file")
    parser.add_argument("--protein", metavar="NAME", help="name, gene, accession or sequence; @FILE reads FASTA")
    parser.add_argument(
        "--policy",
        choices=("ask", "best", "strict"),
        default="ask",
        help="when a name means several things: show them (ask), take the best (best), accept no default (strict)",
    )


def _opinion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model-too", action="store_true", help="ask the model also where records answer")
    parser.add_argument(
        "--model-said",
        action="store_true",
        help="ask the model, and show all it says, also what nothing decides or a check contradicts, each marked so",
    )


def _output_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write the whole answer as JSON, one line each for several")
    parser.add_argument("--html", metavar="FILE", help="also write the answer as a page with the structure drawn")


def _find_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind",
        choices=FOUND,
        help="what a name names; for a molecule also what is like it, what holds it as a part, or its properties",
    )
    parser.add_argument(
        "name", nargs="*", help="name, identifier, structure or @FILE; for literature the search string"
    )
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="most hits or articles shown (default 10)")
    parser.add_argument("--organism", metavar="NAME", help="of a protein, such as mouse (default human)")
    parser.add_argument(
        "--about", metavar="A,B", help="sections of a protein's record, such as function,domains,diseases,drugs"
    )
    parser.add_argument("--threshold", type=float, metavar="X", help="least similarity of similar molecules, 0 to 1")
    parser.add_argument(
        "--where",
        choices=("auto", "pubchem", "local"),
        default="auto",
        help="where similar molecules are searched (default auto: PubChem, else the local index)",
    )
    parser.add_argument(
        "--policy",
        choices=("ask", "best", "strict"),
        help="when a name means several things (default ask for one name, strict for many)",
    )
    _output_arguments(parser)
    _many_arguments(
        parser.add_argument_group("many names"),
        ".txt with one name a line; .csv, .tsv or .jsonl with name; .sdf, .mol or .smi with structures; .fasta",
    )


def _many_arguments(many: Any, words: str) -> None:
    many.add_argument("--input", metavar="FILE", help=words)
    many.add_argument(
        "--output",
        metavar="FILE",
        help="table of values to write: .csv, .tsv, .jsonl or .parquet; with --json whole answers as .jsonl; without a "
        "file a terminal gets a listing, and a pipe whole answers as JSON lines",
    )
    many.add_argument("--resume", action="store_true", help="go on with the output of an interrupted run")
    many.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that answer (default: as many as pay); always one where databases or a model are asked",
    )


def _ask_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="*", help="the question, or - for standard input")
    _entity_arguments(parser)
    parser.add_argument("--query", metavar="WORDS", help="search string sent to PubMed as it is")
    parser.add_argument("--explain", action="store_true", help="first say how the question was read, word by word")
    _opinion_arguments(parser)
    _output_arguments(parser)
    _many_arguments(
        parser.add_argument_group("many questions"),
        ".csv, .tsv or .jsonl with question, molecule, protein; .txt with one a line; with a QUESTION also .sdf, .mol "
        "or .smi, whose structures it is asked of",
    )
