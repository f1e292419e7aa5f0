"""What a calling model is told of a user's own structure: a handle, never the structure, whatever part it stands in."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import EgressPolicy
from biomed_agent.tools import BioMedToolkit
from biomed_agent.tools.handles import Handles

OWN = "O=C(Nc1ccc(Br)cc1)C1CCN(CC1)S(C)(=O)=O"  # in no record that ships
CANONICAL = "CS(=O)(=O)N1CCC(C(=O)Nc2ccc(Br)cc2)CC1"
SALT = "[Na+].CC(=O)Oc1ccc(Br)cc1C(=O)[O-]"
ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
SEQUENCE = "MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKDLGEENFKALVLIAFAQYLQQCPFEDHVK"


@functools.cache
def toolkit(cache_dir: Path, egress: EgressPolicy) -> dict[str, Any]:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none", egress=egress))
    kit = BioMedToolkit(agent=agent)
    return {"kit": kit} | {tool.name: tool for tool in kit.get_tools()}


def call(tool: Any, **arguments: Any) -> tuple[str, dict[str, Any]]:
    message = tool.invoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})
    return str(message.content), message.artifact


def pieces(structure: str, size: int = 7) -> list[str]:
    return [structure[start : start + size] for start in range(len(structure) - size + 1)]


@pytest.mark.parametrize("egress", ["names-only", "nothing"])
@pytest.mark.parametrize(
    "question",
    ["What is its logP?", "What is it?", "What is its SMILES?", "Describe it.", "What is its formula and weight?",
     "What is its InChI?", "What is its scaffold?"],
)  # fmt: skip
@pytest.mark.parametrize("structure", [OWN, f"smiles:{OWN}", SALT, ASPIRIN])
def test_a_structure_is_never_echoed(cache_dir: Path, egress: EgressPolicy, question: str, structure: str) -> None:
    tools = toolkit(cache_dir, egress)
    told, artifact = call(tools["molecule_qa"], question=question, molecule=structure)
    [entity] = artifact["entities"]
    for text in (structure.removeprefix("smiles:"), entity["entity"]["smiles"]):
        assert not [piece for piece in pieces(text) if piece in told], told
    assert "InChI=" not in told
    assert "molecule:" in told
    if egress == "nothing":
        assert entity["entity"]["inchikey"] not in told
        assert entity["entity"]["formula"] not in told
        assert "spirin" not in told.lower()
        assert "2244" not in told


def test_names_only_tells_what_is_no_structure(cache_dir: Path) -> None:
    told, artifact = call(
        toolkit(cache_dir, "names-only")["molecule_qa"], question="What is its formula?", molecule=OWN
    )
    assert "C13H17BrN2O3S" in told
    assert artifact["entities"][0]["entity"]["smiles"] == CANONICAL


def test_nothing_tells_values_that_many_share(cache_dir: Path) -> None:
    tool = toolkit(cache_dir, "nothing")["molecule_qa"]
    told, _ = call(tool, question="What is its logP?", molecule=OWN)
    assert "logP" in told
    told, artifact = call(tool, question="What is its molecular weight?", molecule=OWN)
    weight = next(fact["value"] for fact in artifact["facts"] if fact["predicate"] == "molecular weight")
    assert str(weight) not in told
    assert "the program that called has the whole answer" in told


def test_public_tells_everything(cache_dir: Path) -> None:
    told, _ = call(toolkit(cache_dir, "public")["molecule_qa"], question="What is its SMILES?", molecule=OWN)
    assert CANONICAL in told


@pytest.mark.parametrize("egress", ["names-only", "nothing"])
def test_a_handle_names_the_structure_again(cache_dir: Path, egress: EgressPolicy) -> None:
    tools = toolkit(cache_dir, egress)
    kit = tools["kit"]
    handle = kit.handle("molecule", OWN)
    assert kit.handle("molecule", f"smiles:{CANONICAL}") == handle  # one structure, one handle
    told, artifact = call(tools["molecule_qa"], question="How many rings has it?", molecule=handle)
    assert artifact["entities"][0]["entity"]["smiles"] == CANONICAL
    assert handle in told
    _, asked = call(tools["molecule_properties"], molecule=handle)
    assert asked["entities"][0]["entity"]["smiles"] == CANONICAL
    first, _ = call(tools["molecule_qa"], question="How many rings has it?", molecule=OWN)
    assert handle in first  # what the model wrote itself is called the same


@pytest.mark.parametrize("egress", ["names-only", "nothing"])
def test_a_sequence_is_never_echoed(cache_dir: Path, egress: EgressPolicy) -> None:
    tools = toolkit(cache_dir, egress)
    for question in ("What is its length?", "What is its sequence?", "What is it?"):
        told, artifact = call(tools["protein_qa"], question=question, protein=SEQUENCE)
        assert not [piece for piece in pieces(SEQUENCE) if piece in told], told
        assert "protein:" in told
        assert artifact["entities"][0]["entity"]["sequence"] == SEQUENCE
    kit = tools["kit"]
    _, artifact = call(tools["protein_qa"], question="What is its length?", protein=kit.handle("protein", SEQUENCE))
    assert artifact["facts"][0]["value"] == len(SEQUENCE)


@pytest.mark.parametrize(
    "broken", ["CC(=O)Nc1ccc(Br)cc1C(", "smiles:CC1CCNCC(C)(C)(C)(C)C", "MKWVTFISLLFLFSSAYSRGVFRRDAHJ1O*BB"]
)
def test_what_cannot_be_read_is_not_echoed(cache_dir: Path, broken: str) -> None:
    told, _ = call(toolkit(cache_dir, "names-only")["molecule_qa"], question="What is it?", molecule=broken)
    assert "STATUS" in told
    assert not [piece for piece in pieces(broken.removeprefix("smiles:"), 8) if piece in told], told


@pytest.mark.parametrize("egress", ["names-only", "nothing"])
@pytest.mark.parametrize("tool", ["protein_qa", "find_protein"])
@pytest.mark.parametrize("notation", ["inchi", "mol block", "name"])
def test_a_structure_that_is_passed_as_a_protein_is_not_echoed(
    cache_dir: Path, egress: EgressPolicy, tool: str, notation: str
) -> None:
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(OWN)
    inchi = Chem.MolToInchi(molecule)
    given = {"inchi": inchi, "mol block": Chem.MolToMolBlock(molecule), "name": f"name:{OWN}"}[notation]
    arguments = {"question": "What is it?", "protein": given} if tool == "protein_qa" else {"name": given}
    told, _ = call(toolkit(cache_dir, egress)[tool], **arguments)
    assert "STATUS invalid" in told or "STATUS not_found" in told
    assert not [piece for text in (OWN, CANONICAL, inchi) for piece in pieces(text) if piece in told], told
    assert Chem.MolToInchiKey(molecule) not in told


@pytest.mark.parametrize("egress", ["names-only", "nothing"])
@pytest.mark.parametrize("tool", ["molecule_qa", "find_molecule"])
def test_a_changed_sequence_that_is_passed_as_a_molecule_is_not_echoed(
    cache_dir: Path, egress: EgressPolicy, tool: str
) -> None:
    given = f"seq:{SEQUENCE} K2A"
    arguments = {"question": "What is it?", "molecule": given} if tool == "molecule_qa" else {"name": given}
    told, _ = call(toolkit(cache_dir, egress)[tool], **arguments)
    assert "STATUS invalid" in told
    assert not [piece for piece in pieces(SEQUENCE) if piece in told], told


def test_a_piece_of_a_changed_sequence_is_withheld() -> None:
    from biomed_agent import Answer

    changed = SEQUENCE.replace("LFLFSS", "LFAFSS")
    scrub = Handles().scrub(f"It reads {changed}.", Answer("", "invalid", ""), {"molecule": SEQUENCE}, "names-only")
    assert scrub == "It reads [withheld]."


def test_a_named_molecule_is_told_as_ever(cache_dir: Path) -> None:
    told, _ = call(toolkit(cache_dir, "names-only")["molecule_qa"], question="What is its SMILES?", molecule="aspirin")
    assert ASPIRIN in told
    assert "molecule:" not in told


def test_handles_cannot_be_guessed_and_do_not_travel() -> None:
    one, other = Handles(), Handles()
    handle = one.give("molecule", f"smiles:{ASPIRIN}")
    assert handle == one.give("molecule", f"smiles:{ASPIRIN}")
    assert handle != other.give("molecule", f"smiles:{ASPIRIN}")
    assert other.resolve(handle) == handle
    assert one.resolve({"a": [handle, "x"], "b": 1}) == {"a": [f"smiles:{ASPIRIN}", "x"], "b": 1}
    assert pickle.loads(pickle.dumps(one)).resolve(handle) == handle
    assert ASPIRIN not in repr(one)


def test_a_handle_in_the_question_counts(cache_dir: Path) -> None:
    tools = toolkit(cache_dir, "names-only")
    kit = tools["kit"]
    arguments = kit._handles.resolve({"question": f"How heavy is {kit.handle('molecule', OWN)}?", "molecule": ""})
    assert arguments == {"question": "How heavy is it?", "molecule": f"smiles:{CANONICAL}"}


def test_a_handle_of_nothing_readable_is_refused(cache_dir: Path) -> None:
    kit = toolkit(cache_dir, "names-only")["kit"]
    with pytest.raises(InvalidInput):
        kit.handle("molecule", "C1CC")
    with pytest.raises(InvalidInput):
        kit.handle("protein", "MK?L")
