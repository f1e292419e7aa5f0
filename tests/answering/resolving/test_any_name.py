"""Whatever is typed as a name has a typed outcome, and one structure has one identity however it is written."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor

from biomed_agent.answering.agent import BioMedAgent
from biomed_agent.answering.reading.tagging import pieces_of
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.chemistry.molfile import molecule_from_molblock, read_records
from biomed_agent.core.chemistry.structures import components, molecule_from_inchi, molecule_from_smiles
from biomed_agent.core.errors import BiomedAgentError, InvalidInput
from biomed_agent.core.identifiers import visible
from biomed_agent.core.types import EXIT_CODES, Molecule
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.pubchem.annotations import read_value

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ALPHABET = st.sampled_from(
    [*"aAbCN05'′’-–‐()[]{},;:./ =#@+%^~*", "α", "β", "±", "\u200b", "\u202e", "\xad", "\t", "\x00", "é"]
)
TEXTS = st.one_of(st.text(max_size=60), st.text(ALPHABET, max_size=40), st.text(ALPHABET, min_size=300, max_size=400))
PREFIXED = st.builds(
    "{}:{}".format, st.sampled_from(["name", "cid", "smiles", "inchi", "inchikey", "cas", "chebi", "unii"]), TEXTS
)
FRAGMENTS = (
    "C",
    "CC",
    "c1ccccc1",
    "C(=O)O",
    "N",
    "[C@@H](C)",
    "C1CCNCC1",
    "S(=O)(=O)",
    "C/C=C/C",
    "c1ccncc1",
    "C(F)(F)F",
    "O",
)
CAPPED = ("C(=O)O", "C(F)(F)F")
"""fragments that nothing can follow"""


@st.composite
def smiles(draw: st.DrawFn) -> str:
    """Write fragments one after the other, and sometimes a counter-ion beside them."""
    chain = draw(st.lists(st.sampled_from([one for one in FRAGMENTS if one not in CAPPED]), min_size=1, max_size=6))
    last = draw(st.sampled_from(["", *CAPPED]))
    ion = draw(st.sampled_from(["", ".Cl", ".OS(=O)(=O)O"]))
    return f"C{''.join(chain)}C{last}{ion}"


@pytest.fixture(scope="module")
def agent() -> BioMedAgent:
    return BioMedAgent(offline=True, model="none")


@pytest.fixture(scope="module")
def resolver(agent: BioMedAgent) -> Iterator[Resolver]:
    index: LocalIndex = agent._components.index
    yield Resolver(index, None, None, files=False)


@FEW
@given(text=st.one_of(TEXTS, PREFIXED))
@example(text="aspirin")
@example(text="smiles:CCO")
def test_any_text_as_a_name_has_a_typed_outcome(resolver: Resolver, text: str) -> None:
    try:
        found = resolver.resolve(text, "molecule")
    except BiomedAgentError as error:
        assert error.message
        return
    assert isinstance(found.entity, Molecule)
    assert found.why


@FEW
@given(text=st.one_of(TEXTS, st.text(st.characters(), max_size=30)))
def test_any_text_as_a_question_is_answered(agent: BioMedAgent, text: str) -> None:
    for answer in (agent.find_molecule(text), agent.ask(text), agent.ask("What is its mass?", molecule=text)):
        assert answer.status in EXIT_CODES


@FEW
@given(text=TEXTS)
def test_the_small_readers_take_any_text(text: str) -> None:
    value, unit, _ = read_value(text)
    assert isinstance(value, float) or (value == " ".join(text.split()) and not unit) or value
    assert all(text[piece.start : piece.end] == piece.text for piece in pieces_of(text, ()))
    for record in read_records(text.splitlines()):
        assert (record.molecule is None) == bool(record.problem)


@FEW
@given(written=smiles(), seed=st.integers(0, 1000))
def test_one_structure_has_one_identity_however_its_atoms_are_ordered(written: str, seed: int) -> None:
    molecule = molecule_from_smiles(written)
    mol = Chem.MolFromSmiles(written)
    order = list(range(mol.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    shuffled = Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
    again = molecule_from_smiles(shuffled)
    assert (again.smiles, again.inchikey, again.formula) == (molecule.smiles, molecule.inchikey, molecule.formula)
    rdDepictor.Compute2DCoords(mol)
    block = Chem.MolToMolBlock(Chem.RenumberAtoms(mol, order))
    assert molecule_from_molblock(block).inchikey == molecule.inchikey
    with rdBase.BlockLogs():
        assert molecule_from_inchi(Chem.MolToInchi(mol)).inchikey == molecule.inchikey
    assert sum(part.weight or 0 for part in components(molecule)) == pytest.approx(molecule.weight, abs=0.01)


@pytest.mark.parametrize(
    ("written", "handle"),
    [
        ("β-carotene", "CID:5280489"),
        ("beta-carotene", "CID:5280489"),
        ("α‐tocopherol", "CID:14985"),
        ("aspi\u200brin", "CID:2244"),
        ("\u202easpirin\u202c", "CID:2244"),
        ("as\u00adpirin", "CID:2244"),
        ("ＡＳＰＩＲＩＮ", "CID:2244"),
        (" Aspirin\u00a0", "CID:2244"),
    ],
)
def test_signs_that_look_alike_or_cannot_be_seen(resolver: Resolver, written: str, handle: str) -> None:
    assert resolver.resolve(written, "molecule").entity.handle == handle


@pytest.mark.parametrize("written", ["aspirin\x00", "\ud800", "a\x7fb", "x\x1b[31m"])
def test_what_is_no_text_is_refused(agent: BioMedAgent, resolver: Resolver, written: str) -> None:
    with pytest.raises(InvalidInput, match=r"U\+00|U\+D800"):
        visible(written)
    with pytest.raises(InvalidInput):
        resolver.resolve(written)
    assert agent.ask("What is its mass?", molecule=written).status == "invalid"
