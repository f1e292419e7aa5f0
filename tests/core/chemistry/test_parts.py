"""Which noun phrases name a part of a structure, and which part."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rdkit import Chem

from biomed_agent.core.chemistry.parts import listed_parts, part_of, ring_parts
from biomed_agent.core.chemistry.vocabulary import SUBSTITUENTS, TERMS

SAME = {
    "carbon atom": "carbon, carbons, carbon atoms, Carbon atoms, C, C atoms",
    "nitrogen atom": "nitrogen, nitrogens, N atoms",
    "sulfur atom": "sulfur, sulphur, sulphur atoms, sulfurs",
    "fluorine atom": "fluorine, fluorines, F atoms",
    "halogen atom": "halogen, halogens, halogen atoms, halogen substituents",
    "hydrogen atom": "hydrogens, H, H atoms, hydrogen atoms",
    "heteroatom": "heteroatoms, hetero-atoms, hetero atoms",
    "heavy atom": "heavy atoms, non-hydrogen atoms, heavy-atoms",
    "atom": "atoms, atom",
    "deuterium atom": "deuterium, deuteriums, deuterium atoms",
    "carbon-13 atom": "carbon-13, 13C, carbon-13 atoms, 13C atoms",
    "hydroxyl group": "hydroxyl, hydroxy groups, -OH groups, OH, \u2013OH, hydroxyl substituents",
    "methoxy group": "methoxy, methoxy groups, methoxy substituents, OMe groups",
    "fluoro group": "fluoro, fluoro groups, fluorine substituents",
    "nitrile group": "nitrile, nitriles, cyano groups, cyano, CN groups",
    "carboxylic acid group": "carboxylic acid, carboxylic acids, carboxyl groups, COOH groups, "
    "carboxylic acid moieties",
    "ester": "ester, esters, ester groups, ester bonds, ester linkages",
    "amide": "amides, amide groups, amide bonds, carboxamide",
    "primary amine": "primary amine, primary amines, primary amine groups",
    "sulfonamide": "sulfonamide, sulphonamides, sulfonamide moieties",
    "phenol group": "phenol, phenols, phenolic hydroxyl groups",
    "ketone": "ketones, ketone groups, keto groups",
    "aldehyde": "aldehyde, formyl groups",
    "nitro group": "nitro, nitro groups, NO2 groups",
    "trifluoromethyl group": "trifluoromethyl, CF3, CF3 groups",
    "tert-butyl group": "tert-butyl, tert-butyl groups, t-butyl",
    "benzene ring": "benzene, benzenes, phenyl rings, phenyl groups, benzene rings, phenyls",
    "pyrimidine ring": "pyrimidine, pyrimidine rings, pyrimidinyl",
    "piperazine ring": "piperazines, piperazine moiety",
    "indole ring": "indole, indole rings, indole core, indole nuclei",
    "quinazoline ring": "quinazoline, quinazoline core, quinazoline ring system",
    "steroid skeleton": "steroid, steroids, steroid skeleton",
    "ring": "ring, rings",
    "aromatic ring": "aromatic rings, arenes",
    "aliphatic ring": "aliphatic rings, non-aromatic rings, nonaromatic ring",
    "aromatic heterocyclic ring": "aromatic heterocycles, heteroaromatic rings, heterocyclic aromatic rings, "
    "heteroarenes",
    "6-membered ring": "six-membered rings, 6-membered ring, six membered rings",
    "5-membered aromatic heterocyclic ring": "five-membered aromatic heterocycles, aromatic 5-membered heterocycles",
    "double bond": "double bonds, double bond",
    "triple bond": "triple bonds",
    "rotatable bond": "rotatable bonds",
    "alkene": "alkenes, olefins, C=C double bonds, carbon-carbon double bonds, C=C bonds",
    "N-H bond": "N-H bonds, N\u2013H bonds, NH bonds",
    "disulfide": "disulfides, disulfide bonds, disulfide bridges",
    "peptide bond": "peptide bonds",
    "epoxide": "epoxide, epoxide rings, oxiranes",
}


@pytest.mark.parametrize(("name", "words"), [(name, words) for name, row in SAME.items() for words in row.split(", ")])
def test_words_name_a_part(name: str, words: str) -> None:
    part = part_of(words)
    assert part is not None
    assert (part.name, part.words) == (name, words)
    assert part.definition


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "imatinib", "happy carbons", "carbon groups and rings", "benzene atoms", "hydroxyl bonds", "CO atoms",
        "I", "He", "In", "groups", "moieties", "functional groups", "acids", "acid groups", "peptides",
        "organic compounds",
        "0-membered rings", "two-membered rings", "purple rings", "aromatic", "single", "rotatable", "heavy",
        "carbon-99",
        "carbons of the ring", "ring systems", "stereocentres", "x" * 100, "amino acids", "alkaloids", "para hydroxyl",
        "oxygen rings", "nitrogen bonds", "methoxy atoms", "double", "ring ring",
    ],
)  # fmt: skip
def test_what_cannot_be_counted_exactly_is_declined(words: str) -> None:
    assert part_of(words) is None


@settings(deadline=None)
@given(st.text(max_size=60))
@example("1-membered ring")
@example("12C C")
def test_any_text_is_read_or_declined(words: str) -> None:
    part = part_of(words)
    assert part is None or (part.words == words and bool(part.smarts or part.measure or part.number))


def test_every_element_has_its_name_and_symbol() -> None:
    table = Chem.GetPeriodicTable()
    for number in range(2, 119):
        by_name = part_of(table.GetElementName(number).lower())
        by_symbol = part_of(f"{table.GetElementSymbol(number)} atoms")
        assert by_name is not None and by_symbol is not None
        assert (by_name.number, by_symbol.number) == (number, number)


def test_the_vocabulary_of_claims_is_known_but_for_what_its_patterns_cannot_count() -> None:
    unread = {term.name for term in TERMS if part_of(term.name) is None}
    assert unread == {
        "polyphenol", "diketone", "acid", "flavonoid", "benzodiazepine", "alpha-amino acid", "amino acid", "peptide",
        "nucleoside", "nucleotide", "glycoside", "pyranose", "fatty acid", "phospholipid", "alkaloid",
        "organic compound",
        "heterocyclic compound", "organosulfur compound", "organophosphorus compound", "organonitrogen compound",
        "organooxygen compound", "organoboron compound", "organosilicon compound", "organoselenium compound",
        "indolyl carboxylic acid",
    }  # fmt: skip
    assert all(part_of(name) for name in SUBSTITUENTS)


def test_a_name_that_is_shown_is_read_as_the_same_part() -> None:
    for part in (*listed_parts(), *ring_parts()):
        for shown in (part.name, part.plural):
            read = part_of(shown)
            assert read is not None, shown
            assert read.name == part.name
