"""The model that ships: whole, small, labelled, and reading structures; and the path with it from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.settings import Settings
from biomed_agent.model.connect import EMBEDDED, connect
from biomed_agent.model.contract.manifest import read_manifest, verify_manifest
from biomed_agent.model.contract.prompt import QUESTIONS, user_message
from tests.helpers.places import ROOT

UNKNOWN = "CC1CC(=O)N(C1)c1ccc(cc1)C(=O)NCc1cccnc1F"
STEROID = "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]34C)[C@@H]1CC[C@@H]2O"
SUGAR = "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O"


@pytest.fixture(scope="module")
def whole(cache_dir: Path) -> BioMedAgent:
    """The agent as installed with the model side, offline."""
    return BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True))


def test_its_files_are_as_the_manifest_says() -> None:
    manifest = verify_manifest(EMBEDDED)
    assert manifest["name"] == "biomed-agent-mini"
    assert manifest["parameters"] <= 12_500_000
    assert manifest["demonstration"] is True
    assert (EMBEDDED / "model.safetensors").stat().st_size <= 26_000_000
    assert (EMBEDDED / "README.md").read_text(encoding="utf-8").count("BioMedGPT-10B") >= 1


def test_every_trained_kind_has_a_held_out_score_and_a_question() -> None:
    kinds = read_manifest(EMBEDDED)["kinds"]
    assert kinds
    for kind, scores in kinds.items():
        assert kind in QUESTIONS
        assert {"rouge_l", "shuffled", "n", "others"} <= set(scores)


def test_a_kind_is_offered_by_its_scores_and_card_page_and_manifest_agree() -> None:
    from biomed_agent.model.evaluation.results import MIN_ROWS, Scores, Standing
    from biomed_agent.model.release.publish import standings

    manifest = read_manifest(EMBEDDED)
    card = (EMBEDDED / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    fields = set(Scores.__dataclass_fields__)
    for kind, entry in {**manifest["kinds"], **manifest["not_offered"]}.items():
        others = {name: Standing(**standing) for name, standing in entry["others"].items()}
        scores = Scores(**{name: value for name, value in entry.items() if name in fields} | {"others": others})
        assert scores.why_not_offered == entry.get("why", ""), kind
        assert (entry["n"] >= MIN_ROWS) or kind in manifest["not_offered"]
    for lines in (standings(manifest["kinds"]), standings(manifest["not_offered"])):
        assert lines in card
    for line in standings(manifest["kinds"]).splitlines():
        assert line.removeprefix("  - description: ") in " ".join(page.split())
    assert set(manifest["not_offered"]) == {"family", "function", "location", "name"}


def test_another_structure_gives_another_answer() -> None:
    model = connect()
    assert model is not None
    answers = [
        model.generate([user_message(QUESTIONS["description"], smiles=[smiles])]).text for smiles in (STEROID, SUGAR)
    ]
    assert all(answers)
    assert answers[0] != answers[1]


def test_a_name_and_a_smiles_of_one_drug_get_one_answer(whole: BioMedAgent) -> None:
    by_name = whole.ask("Describe aspirin.", model="always", show_undecided=True)
    by_smiles = whole.ask(
        "Describe this molecule.", molecule="O=C(C)Oc1ccccc1C(O)=O", model="always", show_undecided=True
    )
    assert by_name.model is not None
    assert by_smiles.model is not None
    assert by_name.model.text
    assert by_name.model.text == by_smiles.model.text


def test_where_records_answer_the_model_is_not_asked(whole: BioMedAgent) -> None:
    answer = whole.ask("Describe aspirin.")
    assert answer.model is None
    assert "the model (records answer)" in answer.not_looked_up


def test_of_well_known_molecules_no_sentence_is_shown_that_was_not_shown_to_be_right(whole: BioMedAgent) -> None:
    for name in ("caffeine", "ibuprofen", "glucose"):
        statement = whole.ask(f"Describe {name}.", model="always").model
        assert statement is not None
        assert {claim.verdict for claim in statement.claims} <= {"supported"}
        assert statement.samples == 16


def test_a_molecule_of_no_database_is_described_by_the_model_and_labelled(whole: BioMedAgent) -> None:
    answer = whole.ask("Describe this molecule.", molecule=UNKNOWN, show_undecided=True)
    assert answer.status == "answered"
    assert answer.model is not None
    assert answer.model.stamp.demonstration
    assert answer.model.saw == "structure only"
    assert answer.model.text
    assert answer.model.text not in answer.text
    assert " ".join(claim.text for claim in answer.model.claims).split() == answer.model.text.split()
    assert answer.egress == ()


def test_stored_and_computed_values_do_not_wake_the_model(cache_dir: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True))
    assert agent.ask("What is the molecular weight of caffeine?").model is None
    assert agent.ask("What is caffeine?").model is None
    assert getattr(agent._components.generator, "_engine", None) is None


def test_an_unreviewed_sequence_is_answered_by_the_model_alone(whole: BioMedAgent) -> None:
    sequence = "MKRSTLWQNAHVGDEPYFCIKLMSTAWRQHNGDEPVYFCIKLMRSTAQWNHGDEPVYCFIKL"
    question = "What is the function of this protein?"
    assert whole.ask(question, protein=sequence).model is None, "it is not offered for functions"
    asked = whole.ask(question, protein=sequence, model="always", show_undecided=True)
    assert asked.status == "model_only"
    assert asked.model is not None
    assert asked.model.not_offered


def test_a_long_protein_is_answered_with_a_warning(whole: BioMedAgent) -> None:
    answer = whole.ask("What is the function of EGFR?", model="always", show_undecided=True)
    assert answer.status == "answered"
    assert answer.model is not None
    assert any("read only the first" in warning for warning in answer.warnings)
