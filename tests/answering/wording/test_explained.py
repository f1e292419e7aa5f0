"""How a question was read, as lines of a terminal."""

from __future__ import annotations

from biomed_agent.answering.wording.explained import ClauseWords, reading_text

READ = ClauseWords(
    "How heavy is the aspirin",
    [("How", "question word"), ("heavy", "asks for molecular weight"), ("is", "filler"), ("the", "filler"),
     ("aspirin", "names a molecule")],
    "molecular weight of aspirin",
    "value",
)  # fmt: skip
UNREAD = ClauseWords("sky", [("sky", "NOT READ")], "", None, ("sky",))


def test_one_clause_is_a_table_and_a_line() -> None:
    assert reading_text([READ], 80) == (
        "How the question was read\n"
        "    How      question word\n"
        "    heavy    asks for molecular weight\n"
        "    is the   filler\n"
        "    aspirin  names a molecule\n"
        "  Read as a value: molecular weight of aspirin."
    )


def test_several_clauses_are_numbered() -> None:
    lines = reading_text([READ, UNREAD], 80).splitlines()
    assert '  1 of 2: "How heavy is the aspirin"' in lines
    assert lines[-3:] == [
        '  2 of 2: "sky"',
        "    sky  NOT READ",
        '  Without "sky", read as no kind of question that is known here.',
    ]


def test_lines_keep_to_the_width_and_a_long_name_stands_alone() -> None:
    smiles = "CC(C)=CCc1cc(C=CC(=O)c2ccc(O)cc2O)cc(CC=C(C)C)c1O"
    long = ClauseWords(smiles, [("weight of", "filler"), (smiles, "names a molecule")], f"weight of {smiles}", "value")
    for width in (40, 60, 80):
        lines = reading_text([long], width).splitlines()
        assert all(len(line) <= width or smiles in line for line in lines), width
    lines = reading_text([long], 80).splitlines()
    assert lines[2:4] == [f"    {smiles}", f"    {' ' * len('weight of')}  names a molecule"]


def test_colour_changes_no_word() -> None:
    painted = reading_text([READ, UNREAD], 80, color=True)
    assert "\x1b[31mNOT READ\x1b[0m" in painted
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m"):
        painted = painted.replace(code, "")
    assert painted == reading_text([READ, UNREAD], 80)
