"""Every row of a genuine format becomes a record or a bad row with file and line."""

import gzip
import io
import json
import lzma
import pickle
import resource
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import QUESTIONS
from biomed_agent.model.data import formats
from biomed_agent.model.data.formats import rows, streams
from tests.helpers.places import SHARED

SHARED = SHARED / "data"
FUNCTION, NAME = QUESTIONS["function"], QUESTIONS["name"]


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, **how):
    reading = formats.open_file(path, **how)
    return list(reading), reading


def bad(reading):
    return [(row.line, row.where, row.reason) for row in reading.bad.first]


# ---------------------------------------------------------------------------------------------- structures


def test_the_hub_nesting_of_uniprotqa_is_read(tmp_path):
    entries = {
        "P1": {"sequence": "mkt ay\nIAK*", "data": [[FUNCTION, " Binds calcium. "], [NAME, "Calmodulin."]]},
        "P2": {"sequence": "MKUBXZOJ", "data": [["Is it large?", 1.5]]},
    }
    found, reading = read(write(tmp_path, "train.json", json.dumps(entries, indent=0)))
    assert reading.format.name == "uniprotqa"
    assert [(one.kind, one.answer, one.sequence) for one in found] == [
        ("function", "Binds calcium.", "MKTAYIAK"),
        ("name", "Calmodulin.", "MKTAYIAK"),
        ("other", "1.5", "MKUBXZOJ"),
    ]
    assert found[2].question == "Is it large?"
    assert {one.origin for one in found} == {"train.json"}
    assert reading.counts == {"function": 1, "name": 1, "other": 1}
    assert reading.bad.total == 0


def test_what_is_wrong_with_an_entry_is_named_with_its_line(tmp_path):
    text = """{
    "P1": {"sequence": "MKT", "data": [["q", "a"], ["q", ""], ["q"], ["q", ["a"]], ["q", null]]},
    "P2": {"sequence": "MK-T", "data": [["q", "a"]]},
    "P3": {"data": [["q", "a"]]},
    "P4": {"sequence": "MKT"},
    "P5": "MKT",
    "P6": {"sequence": "MKT", "data": []},
    "P7": {"sequence": "MKT", "data": [["q", "a"]]}
    }"""
    found, reading = read(write(tmp_path, "train.json", text))
    assert len(found) == 2
    assert bad(reading) == [
        (2, "P1, pair 2", "the answer is empty"),
        (2, "P1, pair 3", "a pair is not [question, answer]"),
        (2, "P1, pair 4", "the answer is no text"),
        (2, "P1, pair 5", "the answer is empty"),
        (3, "P2, pair 1", "the sequence holds what is no residue"),
        (4, "P3, pair 1", "there is neither a molecule nor a protein"),
        (5, "P4", "the entry has no list of pairs under data"),
        (6, "P5", "the entry has no list of pairs under data"),
        (7, "P6", "the entry has no list of pairs"),
    ]
    assert str(reading.bad.first[4]).endswith(
        "train.json:3: P2, pair 1: the sequence holds what is no residue: '-' at position 3"
    )


def test_pubchemqa_by_structure_has_numbers_for_answers(tmp_path):
    entries = {
        "CC(=O)O": [["Please describe this drug.", "An acid."], ["How many rings?", 0], ["What is its ALogP?", -0.17]],
        "C1CC": [["q", "a"]],
        "[NH3]->[Fe]": [["q", "a"]],
    }
    found, reading = read(write(tmp_path, "ChEMBL_QA.json", json.dumps(entries)))
    assert reading.format.name == "pubchemqa"
    assert [(one.kind, one.question, one.answer) for one in found] == [
        ("description", "Please describe this drug.", "An acid."),
        ("other", "How many rings?", "0"),
        ("other", "What is its ALogP?", "-0.17"),
    ]
    assert bad(reading) == [
        (1, "C1CC, pair 1", "the SMILES cannot be used"),
        (1, "[NH3]->[Fe], pair 1", "the SMILES cannot be used"),
    ]
    assert "cannot be read" in reading.bad.first[0].got
    assert "DATIVE" in reading.bad.first[1].got


def test_openbiomed_samples_of_molecules_are_about_one_each(tmp_path):
    samples = [
        {"source": "x", "smiles": ["CCO"], "question": QUESTIONS["description"], "answer": "An alcohol."},
        {"source": "x", "smiles": ["CCO", "CC"], "question": "q", "answer": "a"},
        {"source": "x", "smiles": [], "question": "q", "answer": "a"},
        {"source": "x", "question": "q", "answer": "a"},
    ]
    found, reading = read(write(tmp_path, "train.json", json.dumps(samples, indent=1)))
    assert [(one.smiles, one.kind) for one in found] == [("CCO", "description")]
    assert [row[2] for row in bad(reading)] == [
        "the sample is not about one structure",
        "the sample is not about one structure",
        "the sample has neither smiles nor protein_accession",
    ]


def test_openbiomed_samples_of_proteins_need_the_sequences_beside_them(tmp_path):
    samples = [{"protein_accession": [one], "question": FUNCTION, "answer": "Binds."} for one in ("P1", "P9")]
    path = write(tmp_path, "test.json", json.dumps(samples))
    with pytest.raises(InvalidInput, match=r"sequences\.json is not beside it"):
        read(path)
    sequences = write(tmp_path, "sequences.json", '{"P1": "MKT"}')
    found, reading = read(path)
    assert [one.sequence for one in found] == ["MKT"]
    assert bad(reading) == [(1, "", "sequences.json does not have the accession")]
    with pytest.raises(InvalidInput, match="belongs to another one"):
        read(sequences)


def test_chebi20_has_no_quoting_and_doubled_backslashes(tmp_path):
    text = (
        "CID\tSMILES\tdescription\r\n"
        "1\tC/C=C\\\\C\tThe molecule is \"quoted' and open.\r\n"
        "2\tCCO\tThe molecule is\r\n"
        "3\tCCO\n"
        "\n"
        "4\tnonsense\tThe molecule is nothing.\n"
        "5\tCCO\t \n"
    )
    found, reading = read(write(tmp_path, "train.txt", text))
    assert reading.format.name == "chebi20"
    assert [(one.smiles, one.answer) for one in found] == [
        ("C/C=C\\C", "The molecule is \"quoted' and open."),
        ("CCO", "The molecule is"),
    ]
    assert {one.question for one in found} == {QUESTIONS["description"]}
    assert bad(reading) == [
        (4, "", "the row has not as many fields as the header"),
        (6, "CID 4", "the SMILES cannot be used"),
        (7, "CID 5", "the answer is empty"),
    ]


def test_columns_of_chebi20_may_stand_in_any_order(tmp_path):
    found, _ = read(write(tmp_path, "test.txt", "description\tsmiles\nAn alcohol.\tCCO\n"))
    assert [(one.smiles, one.answer) for one in found] == [("CCO", "An alcohol.")]


FLAT = """ID   CALM_TEST               Reviewed;          10 AA.
AC   P00001; Q00002;
DE   RecName: Full=Calmodulin-like protein 5 {ECO:0000303|PubMed:1};
DE            Short=CLP;
DE   AltName: Full=Other name;
CC   -!- FUNCTION: Binds calcium. May be involved in terminal differentiation
CC       of keratino- cytes (PubMed:10777582). {ECO:0000269|PubMed:10777582}.
CC   -!- FUNCTION: [Isoform 2]: Does nothing at all here.
CC   -!- SUBCELLULAR LOCATION: Cytoplasm {ECO:0000269|PubMed:1}. Nucleus. Note=Moves
CC       with the cell cycle.
CC   -!- SIMILARITY: Belongs to the calmodulin family. {ECO:0000305}.
CC   -!- SIMILARITY: Contains 4 EF-hand domains. {ECO:0000255}.
CC   ---------------------------------------------------------------------------
CC   Copyrighted by the UniProt Consortium
CC   ---------------------------------------------------------------------------
SQ   SEQUENCE   10 AA;  1000 MW;  0000000000000000 CRC64;
     MKTAYIAKQR
//
ID   NOTHING_TEST            Reviewed;           3 AA.
AC   P00003;
SQ   SEQUENCE   3 AA;  1000 MW;  0000000000000000 CRC64;
     MKT
//
ID   NOSEQ_TEST              Reviewed;           3 AA.
AC   P00004;
DE   RecName: Full=No sequence;
//
AC   P00005;
//
"""


def test_swissprot_entries_become_the_four_questions(tmp_path):
    found, reading = read(write(tmp_path, "uniprot_sprot.dat", FLAT))
    assert {one.kind: one.answer for one in found} == {
        "function": "Binds calcium. May be involved in terminal differentiation of keratino-cytes.",
        "name": "Calmodulin-like protein 5.",
        "family": "Belongs to the calmodulin family.",
        "location": "Cytoplasm. Nucleus.",
    }
    assert {one.sequence for one in found} == {"MKTAYIAKQR"}
    assert bad(reading) == [
        (19, "P00003", "the entry states no function, name, family or location"),
        (24, "P00004", "the entry has no sequence"),
        (28, "", "the entry does not begin with an ID line"),
    ]


def test_a_table_from_uniprot_gives_the_same_answers(tmp_path):
    header = "Entry\tSequence\tProtein names\tFunction [CC]\tProtein families\tSubcellular location [CC]"
    row = (
        "P00001\tMKTAYIAKQR\tCalmodulin-like protein 5 (CLP)\t"
        "FUNCTION: Binds calcium and signals. {ECO:0000269}.; FUNCTION: [Isoform 2]: Does nothing at all here.\t"
        "Calmodulin family\tSUBCELLULAR LOCATION: Cytoplasm {ECO:1}. Nucleus. Note=Moves."
    )
    found, reading = read(write(tmp_path, "uniprot.tsv", f"{header}\n{row}\n"))
    assert reading.format.name == "uniprot-table"
    assert {one.kind: one.answer for one in found} == {
        "function": "Binds calcium and signals.",
        "name": "Calmodulin-like protein 5.",
        "family": "Belongs to the Calmodulin family.",
        "location": "Cytoplasm. Nucleus.",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_users_table_is_read_whatever_its_delimiter(tmp_path, delimiter):
    text = "\ufeffMolecule,PROTEIN SEQUENCE,Question,note,Response\r\n".replace(",", delimiter)
    text += f'CCO{delimiter}{delimiter}"Is it{delimiter} ""wet""?"{delimiter}x{delimiter}"Yes,\r\nit is."\r\n'
    text += f"CCO{delimiter}MKT{delimiter}Does it bind?{delimiter}{delimiter}No\r\n"
    text += f"{delimiter}{delimiter}What?{delimiter}{delimiter}a\r\n"
    text += f"CCO{delimiter}{delimiter}{delimiter}{delimiter}a\r\n"
    text += f"CCO{delimiter}{delimiter}Short?\r\n"
    text += f"CCO{delimiter}MK1{delimiter}What?{delimiter}{delimiter}a\r\n"
    found, reading = read(write(tmp_path, "mine.csv", text))
    assert [(one.smiles, one.sequence, one.question, one.answer) for one in found] == [
        ("CCO", "", f'Is it{delimiter} "wet"?', "Yes,\r\nit is."),
        ("CCO", "MKT", "Does it bind?", "No"),
    ]
    assert bad(reading) == [
        (5, "", "there is neither a molecule nor a protein"),
        (6, "column Question", "the question is empty"),
        (7, "", "the row has not as many fields as the header"),
        (8, "column PROTEIN SEQUENCE", "the sequence holds what is no residue"),
    ]


def test_a_quote_that_is_not_closed_costs_its_own_line_only(tmp_path):
    text = 'smiles,question,answer\nCCO,"open?,a\n' + "CCO,Fine?,yes\n" * 500 + 'CC,"x"y,a\nCCN,"last?,a'
    found, reading = read(write(tmp_path, "mine.csv", text))
    assert len(found) == 500
    assert [(line, reason) for line, _, reason in bad(reading)] == [
        (2, "a quote is opened that is not closed"),
        (503, "the line cannot be read: ',' expected after '\"'"),
        (504, "a quote is opened that is not closed"),
    ]


def test_a_line_of_an_example_is_read_back_as_it_was(tmp_path):
    text = json.dumps({"CCO": [["Please describe this drug.", "Ein Alkohol \u00e4."], ["Wet?", 1]]})
    found, _ = read(write(tmp_path, "a.json", text))
    again, reading = read(write(tmp_path, "b.jsonl", "".join(map(formats.write_line, found))))
    assert again == found
    assert reading.format.name == "examples"


def test_lines_of_examples_are_checked_like_any_row(tmp_path):
    lines = [
        {"smiles": "CCO", "kind": "description", "answer": "An alcohol."},
        {"smiles": "CCO", "kind": "other", "answer": "An alcohol."},
        {"smiles": "CCO", "kind": "colour", "question": "q", "answer": "a"},
        {"smiles": "CCO", "question": None, "answer": "a"},
        {"sequence": "MKT", "question": "q", "answer": "a", "group": "g", "origin": "o"},
    ]
    found, reading = read(write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, [*lines, []]))), format="examples")
    assert [(one.question, one.group, one.origin) for one in found] == [
        (QUESTIONS["description"], "", "a.jsonl"),
        ("q", "g", "o"),
    ]
    assert bad(reading) == [
        (2, "", "the question is empty"),
        (3, "", "the kind is unknown"),
        (4, "", "the question is empty"),
        (6, "", "the line is no object"),
    ]


# ---------------------------------------------------------------------------------------------- questions


def test_pubmedqa_keeps_its_context_and_decision(tmp_path):
    entry = {"QUESTION": "Does it work?", "CONTEXTS": ["One.", "Two."], "LONG_ANSWER": "It may.", "LABELS": ["A", "B"]}
    entries = {
        "11": {**entry, "final_decision": "maybe"},
        "12": entry,
        "13": {**entry, "final_decision": "perhaps"},
        "14": {**entry, "CONTEXTS": [], "final_decision": "no"},
        "15": {**entry, "QUESTION": "", "final_decision": "no"},
    }
    found, reading = read(write(tmp_path, "ori_pqal.json", json.dumps(entries, indent=1)))
    assert [(one.id, one.answer, one.group) for one in found] == [("11", "maybe", "11"), ("12", "", "12")]
    assert found[0].context == ("One.", "Two.")
    assert found[0].explanation == "It may."
    assert list(found[0].options) == ["yes", "no", "maybe"]
    assert [(where, reason) for _, where, reason in bad(reading)] == [
        ("13", "the decision is not yes, no or maybe"),
        ("14", "the entry has no contexts"),
        ("15", "the question is empty"),
    ]


def test_medqa_names_the_right_option(tmp_path):
    row = {"question": "Which?", "options": {"A": "Aspirin", "B": "Water"}, "answer": "Water", "answer_idx": "B"}
    lines = [
        row,
        {key: row[key] for key in ("question", "options", "answer")},
        {key: row[key] for key in ("question", "options")},
        {**row, "answer_idx": "C"},
        {**row, "answer_idx": "A"},
        {**row, "options": {}},
        {**row, "answer_idx": None, "answer": "Wine"},
    ]
    found, reading = read(write(tmp_path, "test.jsonl", "\n".join(map(json.dumps, lines))))
    assert [one.answer for one in found] == ["B", "B", ""]
    assert [one.id for one in found] == ["test.jsonl:1", "test.jsonl:2", "test.jsonl:3"]
    assert [(line, reason) for line, _, reason in bad(reading)] == [
        (4, "answer_idx names no option"),
        (5, "answer and answer_idx disagree"),
        (6, "the options are no object of two or more"),
        (7, "the answer is not one of the options"),
    ]


@pytest.mark.parametrize(
    ("numbers", "name", "answers", "wrong"),
    [
        ([1, 4, 2, None, 5], "medmcqa", ["A", "D", "B", ""], "cop is not 1 to 4"),
        ([1, 0, 3, -1, 5], "medmcqa-hf", ["B", "A", "D", ""], "cop is not 0 to 3"),
    ],
)
def test_medmcqa_counts_from_one_and_its_copies_from_zero(tmp_path, numbers, name, answers, wrong):
    row = {"question": "Which?", "opa": "1", "opb": "2", "opc": "3", "opd": "4", "id": "x", "exp": None}
    path = write(tmp_path, "dev.json", "".join(json.dumps({**row, "cop": number}) + "\n" for number in numbers))
    found, reading = read(path)
    assert reading.format.name == name
    assert [one.answer for one in found] == answers
    assert bad(reading) == [(5, "x", wrong)]


@pytest.mark.parametrize("slip", [0, -1])
def test_one_slip_does_not_shift_every_answer_of_medmcqa(tmp_path, slip):
    row = {"question": "Which?", "opa": "1", "opb": "2", "opc": "3", "opd": "4", "id": "x", "exp": None}
    numbers = [1, 2, 3, slip, 4, 1]
    path = write(tmp_path, "dev.json", "".join(json.dumps({**row, "cop": number}) + "\n" for number in numbers))
    with pytest.raises(InvalidInput, match=rf"cop {slip} in line 4 and cop 4 in line 5.* --format medmcqa \(1 to 4\)"):
        read(path)
    found, reading = read(path, format="medmcqa")
    assert [one.answer for one in found] == ["A", "B", "C", "D", "A"]
    assert bad(reading) == [(4, "x", "cop is not 1 to 4")]


def test_a_file_of_medmcqa_that_does_not_tell_how_it_counts_says_so(tmp_path):
    row = {"question": "Which?", "opa": "1", "opb": "2", "opc": "3", "opd": "4", "id": "x", "exp": None}
    rows = [json.dumps({**row, "cop": 1 + number % 3}) + "\n" for number in range(60)]
    found, reading = read(write(tmp_path, "few.json", "".join(rows)))
    assert [one.answer for one in found[:3]] == ["A", "B", "C"]
    assert reading.summary().endswith("; no row says cop 0 or 4, so it is read as 1 to 4; if it is 0 to 3, state "
                                      "--format medmcqa-hf")  # fmt: skip
    later = "".join([*rows, json.dumps({**row, "cop": 0}) + "\n"])
    assert read(write(tmp_path, "many.json", later))[1].format.name == "medmcqa-hf", "row 61 decides"
    assert "no row says" not in read(write(tmp_path, "one.json", json.dumps({**row, "cop": 4})))[1].summary()


# ---------------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("smiles,molecule,question,answer", "the columns smiles and molecule may each be the smiles"),
        ("smiles,question,answer,answer", "the columns answer and answer may each be the answer"),
        ("Sequence,question,Prompt,answer", "the columns question and Prompt may each be the question"),
        ("CID\tSMILES\tsmiles\tdescription", "the columns SMILES and smiles may each be the smiles"),
    ],
)
def test_a_column_that_is_there_twice_is_not_dropped(tmp_path, header, said):
    with pytest.raises(InvalidInput, match=said):
        read(write(tmp_path, "mine.csv", f"{header}\nCCO\tCCN\tq\ta\n"))


def test_nucleotides_are_no_protein(tmp_path):
    rows = ["ACGT" * 15, "acguacguacguNN", "GATTACA", "MACGTACGTACGT"]
    found, reading = read(write(tmp_path, "a.csv", "sequence,question,answer\n" + "".join(f"{r},q,a\n" for r in rows)))
    assert [one.sequence for one in found] == rows[2:]
    assert bad(reading) == [(n, "column sequence", "the sequence is DNA or RNA, no protein") for n in (2, 3)]


# ---------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("pack", [lambda raw: raw, gzip.compress, lzma.compress])
def test_packed_files_are_unpacked_on_the_way(tmp_path, pack):
    found, _ = read(write(tmp_path, "any.name", pack(b'{"CCO": [["q", "a"]]}')))
    assert len(found) == 1


def test_a_damaged_archive_is_said_and_not_taken_for_the_end(tmp_path):
    whole = gzip.compress(json.dumps({f"C{'C' * n}": [["q", "a"]] for n in range(2000)}).encode())
    with pytest.raises(InvalidInput, match="damaged"):
        read(write(tmp_path, "cut.json.gz", whole[: len(whole) // 2]))


@pytest.mark.parametrize("name", ["data.pkl", "uniprot.pickle", "pubchem324k.pt", "innocent.json"])
def test_pickles_are_refused(tmp_path, name):
    with pytest.raises(InvalidInput, match="never read"):
        read(write(tmp_path, name, pickle.dumps({"CCO": [["q", "a"]]})))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1\x00\x00", "parquet"),
        ("smiles,question,answer\n".encode("utf-16"), "UTF-16"),
        (b"", "is empty"),
        (b"name,value\n1,2\n", "the first line is 'name,value'"),
        (b'{"a": {"b": 1}}', "not in a nesting"),
        (b"[1, 2]", "not in a nesting"),
        (b'{"questions": [{"body": "?"}]}', "not in a nesting"),
    ],
)
def test_a_format_that_cannot_be_told_is_an_error(tmp_path, content, said):
    with pytest.raises(InvalidInput, match=said):
        read(write(tmp_path, "file", content))


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(InvalidInput, match="is a folder"):
        read(tmp_path)
    with pytest.raises(InvalidInput, match="No such file"):
        read(tmp_path / "none.json")
    with pytest.raises(InvalidInput, match="unknown"):
        read(write(tmp_path, "a.json", "{}"), format="excel")


def test_a_stated_format_is_taken_and_its_kind_is_checked(tmp_path):
    path = write(tmp_path, "a.json", '{"CCO": [["q", "a"]]}')
    assert len(list(formats.read(path, format="pubchemqa"))) == 1
    with pytest.raises(InvalidInput, match="holds structures"):
        formats.read_questions(path)
    with pytest.raises(InvalidInput, match="holds questions"):
        formats.read(path, format="medqa")


@pytest.mark.parametrize("name", ["chebi20", "uniprot-table", "table"])
@pytest.mark.parametrize("content", ["", "\n", "a\tb\n1\t2\n"])
def test_a_stated_table_without_its_columns_is_an_error(tmp_path, name, content):
    with pytest.raises(InvalidInput, match="expected a header with the columns"):
        read(write(tmp_path, "a.txt", content), format=name)


@pytest.mark.parametrize("name", formats.FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"plain words\n", b"[]", b"{}", b'{"a": 1}', b"[1]\n[2]", b"\xff\n\xff", b"ID   X\n//\n"]
)
def test_no_stated_format_stumbles_over_another(tmp_path, name, content):
    path = write(tmp_path, "a", content)
    try:
        found, reading = read(path, format=name)
    except InvalidInput as error:
        assert error.message.startswith(str(path))
    else:
        assert found == []
        assert content in (b"", b"[]", b"{}") or reading.bad.total > 0


def test_blank_lines_before_a_header_do_not_matter(tmp_path):
    found, _ = read(write(tmp_path, "a.csv", "\n\nsmiles,question,answer\n\nCCO,q,a\n"))
    assert len(found) == 1


def test_letters_that_are_no_utf8_cost_their_own_row(tmp_path):
    path = write(tmp_path, "a.json", b'{"CCO": [["q", "caf\xe9"]],\n "CC": [["q", "caf\xc3\xa9"]]}')
    found, reading = read(path)
    assert [one.answer for one in found] == ["caf\u00e9"]
    assert bad(reading) == [(1, "", streams.NOT_UTF8)]
    table = write(tmp_path, "a.csv", b"smiles,question,answer\nCC,q,caf\xe9\nCC,q,b\n")
    found, reading = read(table)
    assert len(found) == 1
    assert bad(reading) == [(2, "", streams.NOT_UTF8)]


def test_bad_rows_are_all_counted_and_reported_but_not_all_kept(tmp_path):
    lines = "".join(f"{n}\tbad{n}\ttext\n" for n in range(250))
    path = write(tmp_path, "a.txt", "CID\tSMILES\tdescription\n9\tCCO\tAn alcohol.\n" + lines)
    reading = formats.read(path, report=tmp_path / "bad.tsv")
    for _ in range(2):  # each time anew
        assert len(list(reading)) == 1
        assert reading.bad.total == 250
        assert len(reading.bad.first) == rows.KEPT
    report = (tmp_path / "bad.tsv").read_text().splitlines()
    assert len(report) == 250
    assert report[-1].split("\t")[:4] == [str(path), "252", "CID 249", "the SMILES cannot be used"]
    assert reading.summary().endswith("1 read (1 description), 250 bad")
    with pytest.raises(InvalidInput, match="cannot be written"):
        list(formats.read(path, report=tmp_path / "none" / "bad.tsv"))


# ---------------------------------------------------------------------------------------------- JSON in parts


def elements(text, monkeypatch, chunk):
    monkeypatch.setattr(streams, "CHUNK", chunk)
    return [(one.line, one.key, one.value, one.problem) for one in streams.json_elements(io.StringIO(text))]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1 << 20])
def test_elements_do_not_depend_on_where_the_file_is_cut(monkeypatch, chunk):
    value = {"a": ["x,]}", 'quote " and \\ and \u2028', -1.5e3], "b": {"c": None}}
    text = json.dumps({"one": value, "tw\to": 12345, "three": "last"}, indent=1)
    assert [(key, found) for _, key, found, _ in elements(text, monkeypatch, chunk)] == [
        ("one", value),
        ("tw\to", 12345),
        ("three", "last"),
    ]
    assert [found for _, _, found, _ in elements("[1, 23,\n456]", monkeypatch, chunk)] == [1, 23, 456]
    assert elements("[]", monkeypatch, chunk) == elements(" { } ", monkeypatch, chunk) == []


@pytest.mark.parametrize("chunk", [1, 5, 1 << 20])
def test_a_malformed_element_costs_itself_only(monkeypatch, chunk):
    text = '[{"a": 1},\n{"a": tru},\n{"a": "open},\n{"a": "\\x"},\nnonsense,\n{"a": 2},\n{"a" 3},\n}, {"a": 4}]'
    found = elements(text, monkeypatch, chunk)
    assert [value for _, _, value, problem in found if not problem] == [{"a": 1}, {"a": 2}, {"a": 4}]
    assert [line for line, _, _, problem in found if problem][:2] == [2, 3]
    assert {1, 6} <= {line for line, _, _, problem in found if not problem}


def test_a_name_without_quotes_and_an_end_too_early(monkeypatch):
    found = elements('{"a": 1, b: 2, "c": 3, "d": {"e": 1', monkeypatch, 1 << 20)
    assert [(key, value) for _, key, value, problem in found if not problem] == [("a", 1), ("c", 3)]
    assert len([problem for *_, problem in found if problem]) >= 2
    assert elements("[1] 2", monkeypatch, 4)[-1][3] == "more text follows the end of the document"
    assert "before the closing" in elements("[1,", monkeypatch, 4)[-1][3]


def test_a_bracket_that_is_never_closed_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(streams, "MAX_ELEMENT", 1000)
    with pytest.raises(InvalidInput, match="not closed"):
        elements("[[" + '"word", ' * 1000, monkeypatch, 100)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.sampled_from([None, 0, 2]))
def test_any_document_is_read_as_the_standard_parser_reads_it(values, chunk, indent):
    with pytest.MonkeyPatch.context() as patch:
        array = elements(json.dumps(values, indent=indent, ensure_ascii=False), patch, chunk)
        assert [value for _, _, value, problem in array if not problem] == values
        named = {f"k{n}": value for n, value in enumerate(values)}
        members = elements(json.dumps(named, indent=indent), patch, chunk)
        assert {key: value for _, key, value, _ in members} == named


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 10**6), st.text('"{}[],:\\\n x1', max_size=4), st.integers(0, 5), st.integers(1, 60))
def test_damage_never_stops_the_reading_and_spares_the_lines_before_it(place, put, cut, chunk):
    rows = [{"sequence": f"M{'K' * n}", "data": [["q", "a {b} [c]"]]} for n in range(6)]
    text = "[" + ",\n".join(map(json.dumps, rows)) + "]"
    place %= len(text)
    with pytest.MonkeyPatch.context() as patch:
        try:
            found = elements(text[:place] + put + text[place + cut :], patch, chunk)
        except InvalidInput:  # the very first bracket was hit
            assert place == 0
            return
    whole = text.count("\n", 0, place)
    assert [value for _, _, value, problem in found if not problem][:whole] == rows[:whole]


def test_a_large_file_is_read_in_little_memory(tmp_path):
    path = tmp_path / "train.json"
    entry = json.dumps({"sequence": "MKTAYIAKQR" * 40, "data": [[FUNCTION, "Binds calcium. " * 60]]})
    with path.open("w") as stream:
        stream.write("{" + ",".join(f'"P{n}": {entry}' for n in range(40_000)) + "}")  # one line of 55 MB
    code = (
        "import resource, sys; from biomed_agent.model.data import formats; "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "n = sum(1 for _ in formats.read(sys.argv[1])); "
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert count == 40_000
    assert grown < 25_000 * (1 if sys.platform != "darwin" else 1024)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0


# ---------------------------------------------------------------------------------------------- the data themselves

COUNTED = {
    "format_samples/PubChemQA_drugchat/PubChem_QA_sample.json": 300,
    "format_samples/PubChemQA_openbiomed/train.json": 200,
    "format_samples/PubChemQA_openbiomed/val.json": 50,
    "format_samples/PubChemQA_openbiomed/test.json": 50,
    "format_samples/UniProtQA_hub/train.json": 1000,
    "format_samples/UniProtQA_hub/test.json": 200,
    "format_samples/UniProtQA_openbiomed/train.json": 800,
    "format_samples/UniProtQA_openbiomed/val.json": 200,
    "format_samples/UniProtQA_openbiomed/test.json": 200,
    "chebi20/validation.txt.xz": 2986,
    "chebi20/test_public.txt.xz": 1654,
    "chebi20/train_partial.txt.xz": 566,
    "chembl_qa/ChEMBL_QA_test.json.xz": 12_164,
    "pcdes/test.txt.xz": 2799,
    "pubmedqa/ori_pqal_shared.json.xz": 750,
    "medmcqa/dev.json.xz": 4183,
    "medqa/US_4_options_test.jsonl.xz": 1273,
    "uniprot_records/flatfile.dat.xz": 4357,
}


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the checkout")
@pytest.mark.parametrize("name", COUNTED)
def test_every_row_of_the_genuine_files_is_accounted_for(name):
    found, reading = read(SHARED / name)
    assert len(found) == reading.counts.total() == COUNTED[name]
    assert reading.bad.total == (1 if name.endswith(".dat.xz") else 0)  # one entry holds nothing but a sequence


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the checkout")
def test_the_counts_are_those_of_a_reader_without_care():
    with lzma.open(SHARED / "chembl_qa/ChEMBL_QA_test.json.xz", "rt") as file:
        assert sum(len(pairs) for pairs in json.load(file).values()) == COUNTED["chembl_qa/ChEMBL_QA_test.json.xz"]
    with lzma.open(SHARED / "uniprot_records/flatfile.dat.xz", "rt") as file:
        entries = sum(line.startswith("//") for line in file)
    found, _ = read(SHARED / "uniprot_records/flatfile.dat.xz")
    assert len({one.sequence for one in found}) <= entries - 1
