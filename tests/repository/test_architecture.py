"""The picture of the house is what the table and the imports say now."""

from __future__ import annotations

import runpy
import xml.etree.ElementTree as ElementTree

from tests.helpers.places import ROOT

HOUSE = runpy.run_path(str(ROOT / "scripts" / "house.py"))
PICTURE = ROOT / "docs" / "architecture.svg"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_picture_is_the_one_that_is_drawn_now() -> None:
    assert HOUSE["draw"]() == PICTURE.read_text(encoding="utf-8"), "run python scripts/house.py --draw"


def test_words_stay_within_their_box() -> None:
    texts = ElementTree.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text")
    boxed = [text for text in texts if int(text.attrib["x"]) > HOUSE["BOX_LEFT"]]
    assert len(boxed) > 2 * len(HOUSE["floors"]())
    for text in boxed:
        size, words = int(text.attrib["font-size"]), text.text or ""
        assert int(text.attrib["x"]) + 0.5 * size * len(words) < HOUSE["BOX_RIGHT"], words


def test_the_page_names_every_room() -> None:
    assert [room for room in HOUSE["floors"]() if f"`{room}/" not in PAGE] == []
