"""Sixteen molecules and sixteen proteins with answers their structure decides, and a recipe tiny enough for a test."""

from pathlib import Path
from typing import Any

from biomed_agent.model.checkpoints.checkpoint import save_checkpoint
from biomed_agent.model.data.examples import Example
from biomed_agent.model.training.recipe import Recipe, Sizes, Stage
from biomed_agent.model.training.start import begin
from biomed_agent.model.training.vocabulary import train_vocabulary

MOLECULES = {
    "CCO": "The molecule is an alcohol.",
    "CC(=O)O": "The molecule is an acid.",
    "CC(=O)C": "The molecule is a ketone.",
    "CCN": "The molecule is a primary amine.",
    "c1ccccc1": "The molecule is an arene.",
    "CC#N": "The molecule is a nitrile.",
    "CCS": "The molecule is a thiol.",
    "C=C": "The molecule is an alkene.",
    "CCCl": "The molecule is a chloride.",
    "CC(N)=O": "The molecule is an amide.",
    "O=C=O": "The molecule is an oxide.",
    "CCCCCC": "The molecule is an alkane.",
    "C1CC1": "The molecule is a small ring.",
    "CCF": "The molecule is a fluoride.",
    "CP": "The molecule is a phosphine.",
    "CCBr": "The molecule is a bromide.",
}
PLACES = [
    "Cytoplasm.",
    "Nucleus.",
    "Secreted.",
    "Membrane.",
    "Vacuole.",
    "Golgi apparatus.",
    "Chloroplast.",
    "Lysosome.",
]
SIZES = Sizes(
    vocabulary=360,
    prompt_style="compact",
    max_residues=128,
    text={
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "intermediate_size": 128,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": True,
    },
    molecule={"hidden_size": 32, "num_hidden_layers": 3},
    protein={
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 132,
    },
)
ALL = ("projections", "molecule_encoder", "protein_encoder", "language_model")


def pairs() -> list[Example]:
    """Return the pairs, molecules first."""
    molecules = [Example("description", answer, smiles, "hand", smiles=smiles) for smiles, answer in MOLECULES.items()]
    letters = "ACDEFGHIKLMNPQRS"
    sequences = [f"M{letter * 5}{letters[(n * 3) % 16] * 4}" for n, letter in enumerate(letters)]
    proteins = [
        Example("location", PLACES[n % 8], sequence, "hand", sequence=sequence) for n, sequence in enumerate(sequences)
    ]
    return molecules + proteins


def stage(name: str = "all", **changes: Any) -> Stage:
    """Return a stage that trains everything unless told otherwise."""
    settings: dict[str, Any] = {"learning_rate": 3e-3, "batch_tokens": 1000, "bf16": False, "warmup_steps": 10}
    return Stage(name, **{"trains": ALL, **settings, **changes})


def recipe(*stages: Stage, **changes: Any) -> Recipe:
    """Return a recipe of a tiny model."""
    return Recipe(**{"name": "tiny", "revision": "0", "seed": 17, "stages": stages, "model": SIZES, **changes})


def vocabulary(folder: Path) -> Path:
    """Train the vocabulary of the pairs into a folder."""
    texts = [pair.answer for pair in pairs()] + [pair.question for pair in pairs()]
    folder.mkdir(parents=True, exist_ok=True)
    train_vocabulary(texts * 5, SIZES.vocabulary, folder / "tokenizer.model")
    return folder / "tokenizer.model"


def table(folder: Path) -> Path:
    """Write the pairs as a table, as a user would."""
    rows = ["smiles\tsequence\tquestion\tanswer"]
    rows += ["\t".join((pair.smiles, pair.sequence, pair.question, pair.answer)) for pair in pairs()]
    (folder / "pairs.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "pairs.tsv"


def checkpoint(folder: Path) -> Path:
    """Write a checkpoint folder with random weights, to train on."""
    vocabulary(folder)
    model, processor = begin(recipe(stage()), folder, [], lambda _: None)
    given = {"name": "base", "revision": "1", "source": "random", "kinds": {}, "licence": "none"}
    return save_checkpoint(model.eval(), processor, folder / "base", given, "# base\n")
