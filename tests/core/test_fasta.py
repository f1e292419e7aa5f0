import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.fasta import parse_fasta


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MKTAYIAK", [("", "MKTAYIAK")]),
        (">one\nMKT\nAYI\n", [("one", "MKTAYI")]),
        ("\ufeff>sp|P1|A_B name\r\nmkt ayi\r\nak*\r\n", [("sp|P1|A_B name", "MKTAYIAK")]),
        (">a\nMK\n\n>b\nTA\n", [("a", "MK"), ("b", "TA")]),
        ("        1 mktay iakqr\n       11 qisfv", [("", "MKTAYIAKQRQISFV")]),
        ("; old comment\n>a\nMKU\nO", [("a", "MKUO")]),
        ("MK\n>b\nTA", [("", "MK"), ("b", "TA")]),
    ],
)
def test_forgives_layout(text: str, expected: list[tuple[str, str]]) -> None:
    assert parse_fasta(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no protein sequence"),
        ("   \n\n", "no protein sequence"),
        (">only a header\n", "'only a header' holds no residues"),
        (">a\nMK\n>b\n", "'b' holds no residues"),
        ("MK*TA", "end only"),
        ("MK--TA", "gaps"),
        ("CC(=O)O", "'(' at position 3"),
        ("*", "no residues"),
        ("MKTÄ", "'Ä' at position 4"),
    ],
)
def test_refuses_what_is_no_sequence(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message.replace("(", r"\(")):
        parse_fasta(text)
