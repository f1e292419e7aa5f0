from __future__ import annotations

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model import BioMedGPTProcessor
from biomed_agent.model.contract.prompt import MoleculeSlot, ProteinSlot, Text, user_message
from biomed_agent.model.network import processing
from biomed_agent.model.network.featurize import featurize_smiles
from biomed_agent.model.network.tokenizer import SentencePieceTokenizer

BOTH = [user_message("Does it bind?", smiles=["CCO"], sequences=["MKVLA"])]


def test_each_structure_gets_one_placeholder_per_vector(tiny_processor):
    inputs = tiny_processor([BOTH, [user_message("And this?", smiles=["c1ccccc1", "C"])]])
    atoms = (inputs["input_ids"] == tiny_processor.molecule_token_id).sum(dim=1)
    residues = (inputs["input_ids"] == tiny_processor.protein_token_id).sum(dim=1)
    assert atoms.tolist() == [3, 7]
    assert residues.tolist() == [7, 0]
    assert inputs["atoms"].shape == (10, 2)
    assert inputs["edge_index"].max() == 8  # the last molecule, one atom, has no edge
    assert inputs["protein_input_ids"].shape == (1, 7)


def test_structure_keys_are_there_only_when_used(tiny_processor):
    assert set(tiny_processor([[user_message("Hello")]])) == {"input_ids", "attention_mask"}
    assert "protein_input_ids" not in tiny_processor([[user_message("", smiles=["C"])]])
    assert "atoms" not in tiny_processor([[user_message("", sequences=["M"])]])


def test_segments_are_tokenized_alone_and_only_the_first_begins_with_bos(tiny_processor):
    encoded = tiny_processor.encode_prompt(BOTH)
    assert [type(segment) for segment, _ in encoded] == [Text, MoleculeSlot, Text, ProteinSlot, Text]
    tokenizer = tiny_processor.tokenizer
    texts = [(segment.text, ids) for segment, ids in encoded if isinstance(segment, Text)]
    assert texts[0][1] == tokenizer(texts[0][0])["input_ids"]
    for text, ids in texts[1:]:
        assert ids == tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.bos_token_id not in ids
    row = [index for _, ids in encoded for index in ids]
    assert tiny_processor([BOTH])["input_ids"].tolist() == [row]


@pytest.mark.parametrize("side", ["left", "right"])
def test_answers_become_labels_and_nothing_else_does(tiny_processor, side):
    answers = ["Yes, it does.", "No."]
    inputs = tiny_processor([BOTH, [user_message("Hello")]], answers, padding_side=side)
    for number, answer in enumerate(answers):
        labels = inputs["labels"][number]
        target = tiny_processor.encode_answer(answer)
        assert labels[labels != -100].tolist() == target
        assert target[-1] == tiny_processor.tokenizer.eos_token_id
        assert inputs["input_ids"][number][labels != -100].tolist() == target
        real = inputs["input_ids"][number][inputs["attention_mask"][number] == 1]
        assert real[-len(target) :].tolist() == target
    padding = inputs["attention_mask"][1].tolist()
    assert padding == sorted(padding, reverse=side == "right") and 0 in padding


def test_special_tokens_and_placeholders_typed_by_a_user_are_inert(tiny_processor):
    words = "</s> <s> <unk> [PAD] <moleculeHere> <proteinHere>"
    ids = tiny_processor.encode_text(words)
    assert not set(ids) & {*tiny_processor.tokenizer.all_special_ids, tiny_processor.molecule_token_id}
    assert tiny_processor.decode(ids) == words


def test_proteins_are_cut_as_in_the_reference_and_the_cut_is_reported(tiny_processor):
    tokenizer = tiny_processor.protein_tokenizer
    whole, long = "M" * 1022, "M" * 1022 + "KV"
    assert len(tiny_processor.encode_protein(whole)) == 1024
    assert tiny_processor.truncation_note(whole) == ""
    assert tiny_processor.encode_protein(long) == tiny_processor.encode_protein(whole)
    assert tiny_processor.encode_protein(long)[-1] == tokenizer.eos_token_id
    assert "first 1,022 of the protein's 1,024 residues" in tiny_processor.truncation_note(long)


def test_white_space_in_a_sequence_does_not_count(tiny_processor):
    assert tiny_processor.encode_protein(" MK\nVL A\t") == tiny_processor.encode_protein("MKVLA")


@pytest.mark.parametrize("sequence", ["", " \n", "M" * 10_001])
def test_a_protein_of_impossible_length_is_refused(tiny_processor, sequence):
    with pytest.raises(InvalidInput, match="1 to 10,000"):
        tiny_processor.encode_protein(sequence)


@pytest.mark.parametrize("sequence", ["MKTAYIAKQR", "MXBZUO", "MK<mask>V", "M.-K", "ACDEFGHIKLMNPQRSTVWY"])
def test_protein_tokens_equal_those_of_fair_esm(tiny_processor, sequence):
    import esm

    alphabet = esm.data.Alphabet.from_architecture("ESM-1b")
    _, _, tokens = alphabet.get_batch_converter()([("it", sequence)])
    assert tiny_processor.encode_protein(sequence) == tokens[0].tolist()


def test_a_batch_of_proteins_equals_that_of_fair_esm(tiny_processor):
    import esm

    alphabet = esm.data.Alphabet.from_architecture("ESM-1b")
    sequences = ["MKV", "GAVLIMC", "W"]
    _, _, tokens = alphabet.get_batch_converter()([(str(n), sequence) for n, sequence in enumerate(sequences)])
    inputs = tiny_processor([[user_message("", sequences=[sequence])] for sequence in sequences])
    assert inputs["protein_input_ids"].tolist() == tokens.tolist()
    assert inputs["protein_attention_mask"].tolist() == tokens.ne(alphabet.padding_idx).long().tolist()


def test_save_and_load(tiny_processor, tmp_path):
    processor = BioMedGPTProcessor(
        tiny_processor.tokenizer, tiny_processor.protein_tokenizer, prompt_style="compact", max_protein_tokens=100
    )
    processor.save_pretrained(tmp_path)
    loaded = BioMedGPTProcessor.from_pretrained(tmp_path)
    assert isinstance(loaded.tokenizer, SentencePieceTokenizer)
    assert (loaded.prompt_style, loaded.max_protein_tokens) == ("compact", 100)
    conversations = [BOTH, [user_message("</s> Hello", sequences=["M" * 300])]]
    before, after = processor(conversations, ["Yes.", "No."]), loaded(conversations, ["Yes.", "No."])
    assert before.keys() == after.keys()
    assert all(before[key].tolist() == after[key].tolist() for key in before)


def test_what_cannot_be_read_is_an_error_of_the_input(tiny_processor):
    with pytest.raises(InvalidInput, match="C1CC"):
        tiny_processor([[user_message("What is it?", smiles=["C1CC"])]])
    with pytest.raises(InvalidInput, match="1 conversations with 2 answers"):
        tiny_processor([BOTH], ["one", "two"])
    with pytest.raises(InvalidInput, match="padding_side='middle'"):
        tiny_processor([BOTH], padding_side="middle")
    with pytest.raises(InvalidInput, match="prompt style 'polite'"):
        BioMedGPTProcessor(tiny_processor.tokenizer, tiny_processor.protein_tokenizer, prompt_style="polite")


def test_the_graph_is_that_of_the_string_as_given(tiny_processor):
    inputs = tiny_processor([[user_message("", smiles=["OCC"])]])
    assert inputs["atoms"].tolist() == featurize_smiles("OCC").atoms.tolist()


def test_decoding_leaves_out_special_tokens(tiny_processor):
    ids = tiny_processor.encode_answer("It is an alcohol.")
    assert tiny_processor.decode(ids) == "It is an alcohol."
    assert tiny_processor.decode(ids, skip_special_tokens=False).endswith("</s>")


def test_tokenizer_special_tokens_in_trusted_text(tiny_processor):
    tokenizer = tiny_processor.tokenizer
    plain = {"add_special_tokens": False}
    ids = tokenizer("It </s> is [PAD]", **plain)["input_ids"]
    assert ids == [
        *tokenizer("It", **plain)["input_ids"],
        tokenizer.eos_token_id,
        *tokenizer("is", **plain)["input_ids"],
        tokenizer.pad_token_id,
    ]
    assert tokenizer("It </s>", **plain, split_special_tokens=True)["input_ids"] != ids


def test_tokenizer_survives_pickling(tiny_processor):
    import pickle

    again = pickle.loads(pickle.dumps(tiny_processor.tokenizer))
    assert again("It is β.")["input_ids"] == tiny_processor.tokenizer("It is β.")["input_ids"]


def test_a_missing_vocabulary_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"nothing\.model"):
        SentencePieceTokenizer(str(tmp_path / "nothing.model"))


def test_structures_that_were_read_before_are_not_read_again(tiny_processor, monkeypatch):
    conversation = [
        user_message("Does it bind?", smiles=["CCO"], sequences=["MKVLA"]),
        {"role": "assistant", "content": "Yes."},
        user_message("And these?", smiles=["c1ccccc1", "CCO"]),
    ]
    expected = tiny_processor([conversation])
    calls: list[str] = []

    def counted(smiles):
        calls.append(smiles)
        return featurize_smiles(smiles)

    monkeypatch.setattr(processing, "featurize_smiles", counted)
    structures: processing.Structures = {}
    segments = tiny_processor.encode_prompt(conversation, structures)
    assert set(structures) == {segment for segment, _ in segments if not isinstance(segment, Text)}
    inputs = tiny_processor([conversation], structures=structures)
    assert calls == ["CCO", "c1ccccc1"]
    assert inputs.keys() == expected.keys()
    assert all(inputs[name].equal(expected[name]) for name in expected)
    assert tiny_processor.encode_prompt(conversation) == segments
