"""``python -m biomed_agent.model.training CONFIG --data DIR --output DIR``: train a small model from scratch."""

import argparse
import json
import logging
from pathlib import Path


def main() -> None:
    """Read the arguments, prepare data and vocabulary, train, and leave checkpoints in the output folder."""
    parser = argparse.ArgumentParser(prog="python -m biomed_agent.model.training", description=__doc__)
    parser.add_argument("config", type=Path, help="recipe, such as biomed_agent/model/training/configs/mini.json")
    parser.add_argument("--data", type=Path, required=True, help="folder with mol_text/ and protein_text/")
    parser.add_argument("--output", type=Path, required=True, help="folder for checkpoints and log; resumed if present")
    parser.add_argument("--max-steps", type=int, default=-1, help="stop after this many steps (default: one pass)")
    parser.add_argument("--minutes", type=float, help="stop after this time, the learning rate fitted to it")
    parser.add_argument("--start", type=Path, help="start with all but the protein encoder of this checkpoint")
    options = parser.parse_args()

    from . import data, train, vocabulary

    logging.basicConfig(level=logging.INFO)
    recipe = train.Recipe.load(options.config)
    options.output.mkdir(parents=True, exist_ok=True)
    corpus = data.build(options.data)
    counts = {"kept": dict(corpus.kept), "dropped": dict(corpus.dropped), "held out": len(corpus.dev)}
    (options.output / "data.json").write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    tokenizer_file = options.output / "tokenizer.model"
    if not tokenizer_file.exists():
        vocabulary.train_vocabulary(data.vocabulary_texts(corpus.train), recipe.vocabulary, tokenizer_file)
    processor = train.build_processor(recipe, tokenizer_file)
    model = train.build_model(recipe, processor)
    if options.start:
        train.start_from(model, options.start, options.output)
    print(f"{recipe.name}: {sum(one.numel() for one in model.parameters()):,} parameters")
    examples = train.select(corpus.train, recipe)
    dev = train.select(corpus.dev, recipe.once())
    print(f"{len(examples):,} examples, {sum(map(train.estimated_positions, examples)):,} positions (estimated)")
    trainer = train.train(recipe, model, processor, examples, dev, options.output, options.max_steps, options.minutes)
    trainer.save_state()


if __name__ == "__main__":
    main()
