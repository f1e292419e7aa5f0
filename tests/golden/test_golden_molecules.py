"""Molecular graphs and their vectors against the reference implementation."""

from __future__ import annotations

import pytest
import torch

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.network.featurize import collate_graphs, featurize_smiles


def readable(record):
    return record["valid_smiles"] and not record["error"] and not record["gin_error"]


def tensors(graph):
    return [torch.from_numpy(array) for array in graph]


def test_graphs_are_equal_to_the_integer(golden):
    checked = 0
    for record in filter(readable, golden.records("molecules")["records"]):
        graph = featurize_smiles(record["smiles"])
        if "x" in record:
            assert graph.atoms.tolist() == record["x"], record["name"]
            assert graph.edge_index.tolist() == record["edge_index"], record["name"]
            assert graph.edge_attr.tolist() == record["edge_attr"], record["name"]
        assert list(graph.atoms.shape) == record["x_shape"], record["name"]
        assert list(graph.edge_index.shape) == record["edge_index_shape"], record["name"]
        assert list(graph.edge_attr.shape) == record["edge_attr_shape"], record["name"]
        checked += 1
    assert checked > 0


def test_what_the_reference_fails_on_is_invalid_input(golden):
    # The reference logs an invalid SMILES and goes on without the molecule, and raises ValueError or
    # IndexError on structures it has no vector for; here each is one clear error.
    unreadable = [record for record in golden.records("molecules")["records"] if not readable(record)]
    for record in unreadable:
        with pytest.raises(InvalidInput) as caught:
            featurize_smiles(record["smiles"])
        assert "SMILES" in str(caught.value), record["name"]
    assert unreadable


def test_node_graph_and_projected_vectors(golden, close):
    arrays, model = golden.arrays("molecules"), golden.model
    checked = 0
    for record in filter(readable, golden.records("molecules")["records"]):
        name = record["name"]
        if f"{name}/node" not in arrays:
            continue
        graph = tensors(featurize_smiles(record["smiles"]))
        nodes = model.molecule_encoder(*graph).last_hidden_state
        assert close(nodes, arrays[f"{name}/node"]), name
        assert close(nodes.mean(dim=0, keepdim=True), arrays[f"{name}/graph"]), name
        assert close(model.get_molecule_features(*graph), arrays[f"{name}/proj"]), name
        checked += 1
    assert checked > 0


def test_every_layer(golden, close):
    recorded, arrays = golden.records("molecules"), golden.arrays("molecules")
    name = recorded["trace"]
    smiles = next(record["smiles"] for record in recorded["records"] if record["name"] == name)
    seen: dict[str, torch.Tensor] = {}
    hooks = []
    for number, layer in enumerate(golden.model.molecule_encoder.layers):
        for kind, module in (("conv", layer.mlp), ("bn", layer.batch_norm)):
            key = f"trace/{name}/{kind}{number}"
            hooks.append(module.register_forward_hook(lambda _m, _i, out, key=key: seen.__setitem__(key, out)))
    golden.model.molecule_encoder(*tensors(featurize_smiles(smiles)))
    for hook in hooks:
        hook.remove()
    traced = [key for key in arrays if key.startswith("trace/")]
    assert sorted(traced) == sorted(seen)
    for key in traced:
        assert close(seen[key], arrays[key]), key


def test_a_batch_is_the_disjoint_union(golden, close):
    recorded, arrays = golden.records("molecules"), golden.arrays("molecules")
    smiles = {record["name"]: record["smiles"] for record in recorded["records"]}
    graphs = [featurize_smiles(smiles[name]) for name in recorded["batch"]]
    union = collate_graphs(graphs)
    assert union.atoms.tolist() == arrays["batch/x"].tolist()
    assert union.edge_index.tolist() == arrays["batch/edge_index"].tolist()
    assert union.edge_attr.tolist() == arrays["batch/edge_attr"].tolist()
    nodes = golden.model.molecule_encoder(*tensors(union)).last_hidden_state
    assert close(nodes, arrays["batch/node"])
    means = [part.mean(dim=0) for part in nodes.split([len(graph.atoms) for graph in graphs])]
    assert close(torch.stack(means), arrays["batch/graph"])
