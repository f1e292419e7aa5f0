"""BioMedGPT: a language model that reads molecular graphs and proteins through their encoders.

One position of the language model per atom (graph isomorphism network, Xu et al., arXiv 1810.00826, in the
form of Hu et al., arXiv 1905.12265) and per protein token (ESM-2), each projected by one linear layer, as in
BioMedGPT-10B (arXiv 2308.09442).
"""

# No ``from __future__ import annotations`` here: transformers reads the annotations of ``config`` at class creation.
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMultimodalLM,
    EsmModel,
    GenerationMixin,
    LogitsProcessorList,
    PreTrainedModel,
    RepetitionPenaltyLogitsProcessor,
)
from transformers.modeling_outputs import BaseModelOutput

from biomed_agent.model.network.configuration import BioMedGPTConfig, GinConfig
from biomed_agent.model.network.length_buckets import bucket_by_length

SELF_LOOP = 4
"""Bond type of the edge every atom has to itself; its direction is 0."""
MAX_PADDING = 64
"""Positions of padding that cost less than another pass of the protein encoder."""


class GinLayer(nn.Module):
    """One round of message passing: sum over neighbours and self, two linear layers, batch norm.

    Never checkpointed: computing it a second time would count the batch twice in the running statistics.
    """

    def __init__(self, config: GinConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.bond_embedding = nn.Embedding(config.num_bond_types, width)
        self.direction_embedding = nn.Embedding(config.num_bond_directions, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.batch_norm = nn.BatchNorm1d(width)

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        """Return new node vectors [n, d] before the activation."""
        source, target = edge_index
        bonds = self.bond_embedding(edge_attr[:, 0]) + self.direction_embedding(edge_attr[:, 1])
        # Looked up, not read from the weight, which lies elsewhere while the layer is offloaded.
        kind, direction = edge_attr.new_tensor([SELF_LOOP, 0])
        loop = self.bond_embedding(kind) + self.direction_embedding(direction)
        total = (nodes + loop).index_add(0, target, nodes[source] + bonds)
        new: Tensor = self.batch_norm(self.mlp(total))
        return new


class GinEncoder(PreTrainedModel):
    """Molecular graph to one vector per atom: the output of the last layer."""

    config: GinConfig
    base_model_prefix = "molecule_encoder"
    main_input_name = "atoms"
    supports_gradient_checkpointing = True
    _no_split_modules = ["GinLayer"]
    # There is no attention in here: whatever the language model uses is fine.
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def __init__(self, config: GinConfig) -> None:
        super().__init__(config)
        self.atom_embedding = nn.Embedding(config.num_atom_types, config.hidden_size)
        self.chirality_embedding = nn.Embedding(config.num_chirality, config.hidden_size)
        self.layers = nn.ModuleList(GinLayer(config) for _ in range(config.num_hidden_layers))
        self.post_init()

    def forward(self, atoms: Tensor, edge_index: Tensor, edge_attr: Tensor, **kwargs: Any) -> BaseModelOutput:
        """Encode one graph or the disjoint union of several.

        Args:
            atoms: [n, 2] atom type and chirality.
            edge_index: [2, e] source and target of each directed edge.
            edge_attr: [e, 2] bond type and direction.
            **kwargs: Ignored; part of the library's signature.

        Returns:
            ``last_hidden_state`` [n, hidden_size].
        """
        nodes = self.atom_embedding(atoms[:, 0]) + self.chirality_embedding(atoms[:, 1])
        for number, layer in enumerate(self.layers, start=1):
            nodes = layer(nodes, edge_index, edge_attr)
            if number < len(self.layers):
                nodes = torch.relu(nodes)
        return BaseModelOutput(last_hidden_state=nodes)


class BioMedGPTForConditionalGeneration(PreTrainedModel, GenerationMixin):
    """Answers in text about molecules, proteins and text.

    ``input_ids`` holds ``config.molecule_token_id`` once per atom and ``config.protein_token_id`` once per
    protein token; :class:`~biomed_agent.model.BioMedGPTProcessor` writes them.
    """

    config: BioMedGPTConfig
    base_model_prefix = ""
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    _no_split_modules = ["GinLayer"]
    _skip_keys_device_placement = ["past_key_values"]
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    # What no number depends on, and a table that is computed.
    _keys_to_ignore_on_load_missing = [r"protein_encoder\.contact_head", r"rotary_embeddings\.inv_freq$"]
    # As the reference does with use_float16; they are small, and batch norm needs it.
    _keep_in_fp32_modules_strict = {"molecule_encoder", "molecule_projection", "protein_projection"}
    _keep_in_fp32_modules = _keep_in_fp32_modules_strict  # the name that transformers' quantizers read
    sync_shards = False
    """Whether a batch without proteins, or without molecules, keeps their parts busy too, and all proteins go through
    the encoder at once. Needed while layers are sharded: all processes gather a layer's weights together."""

    def __init__(self, config: BioMedGPTConfig) -> None:
        super().__init__(config)
        width = config.text_config.hidden_size
        # First, because a model's dtype is that of its first parameter, and the others may be kept in float32.
        self.language_model: Any = AutoModelForCausalLM.from_config(config.text_config)
        # None each for what a model does not read; a language model alone has none of them.
        self.molecule_encoder: Any = None
        self.protein_encoder: Any = None
        self.molecule_projection: Any = None
        self.protein_projection: Any = None
        if config.molecule_config is not None:
            self.molecule_encoder = GinEncoder(config.molecule_config)
        if config.protein_config is not None:
            self.protein_encoder = EsmModel(config.protein_config, add_pooling_layer=False)
        if config.molecule_config is not None:
            self.molecule_projection = nn.Linear(config.molecule_config.hidden_size, width)
        if config.protein_config is not None:
            self.protein_projection = nn.Linear(config.protein_config.hidden_size, width)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the language model's token table."""
        table: nn.Module = self.language_model.get_input_embeddings()
        return table

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the language model's token table."""
        self.language_model.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module:
        """Return the language model's output matrix."""
        matrix: nn.Module = self.language_model.get_output_embeddings()
        return matrix

    def set_output_embeddings(self, value: nn.Module) -> None:
        """Replace the language model's output matrix."""
        self.language_model.set_output_embeddings(value)

    def resize_token_embeddings(self, *args: Any, **kwargs: Any) -> nn.Embedding:
        """Resize the language model's vocabulary, as transformers does.

        Placeholder ids that would now be words move behind the last one; let the processor follow with
        :meth:`~.processing.BioMedGPTProcessor.follow`.

        Args:
            *args: New number of rows and the library's further arguments.
            **kwargs: The same by name.

        Returns:
            The token table.
        """
        table: nn.Embedding = self.language_model.resize_token_embeddings(*args, **kwargs)
        self.config.text_config.vocab_size = table.num_embeddings
        if min(self.config.molecule_token_id, self.config.protein_token_id) < table.num_embeddings:
            self.config.molecule_token_id = table.num_embeddings
            self.config.protein_token_id = table.num_embeddings + 1
        return table

    def train(self, mode: bool = True) -> "BioMedGPTForConditionalGeneration":
        """Switch modes; an encoder that is frozen altogether stays in evaluation mode.

        Otherwise the batch norm statistics of a frozen graph encoder would drift while the rest is trained.
        """
        super().train(mode)
        for encoder in (self.molecule_encoder, self.protein_encoder):
            if encoder is not None and not _learns(encoder):
                encoder.eval()
        return self

    def get_molecule_features(self, atoms: Tensor, edge_index: Tensor | None, edge_attr: Tensor | None) -> Tensor:
        """Return one language model vector per atom, [n, text width]."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and _learns(self.molecule_encoder)):
            nodes = self.molecule_encoder(atoms, edge_index, edge_attr).last_hidden_state
        projected: Tensor = self.molecule_projection(nodes.to(self.molecule_projection.weight.dtype))
        return projected

    def get_protein_features(self, protein_input_ids: Tensor, protein_attention_mask: Tensor | None = None) -> Tensor:
        """Return one language model vector per unpadded protein token, row by row, [tokens, text width].

        Proteins of similar length are encoded together, the others apart, and one that occurs several times once.

        Args:
            protein_input_ids: [proteins, length], right-padded.
            protein_attention_mask: [proteins, length], 0 at padding; derived from the pad id when not given.
        """
        if protein_attention_mask is None:
            protein_attention_mask = (protein_input_ids != self.config.protein_config.pad_token_id).long()
        lengths = protein_attention_mask.sum(dim=1).tolist()
        same: dict[tuple[int, ...], int] = {}
        first = [same.setdefault(tuple(ids), row) for row, ids in enumerate(protein_input_ids.tolist())]
        different = list(same.values())
        vectors: dict[int, Tensor] = {}
        max_padding = protein_input_ids.numel() if self.sync_shards else MAX_PADDING
        for bucket in bucket_by_length([lengths[row] for row in different], max_padding=max_padding):
            rows = [different[number] for number in bucket]
            longest = lengths[rows[0]]
            mask = protein_attention_mask[rows, :longest]
            with torch.set_grad_enabled(torch.is_grad_enabled() and _learns(self.protein_encoder)):
                # ESM scales its embeddings by the share of masked tokens, which it counts with the attention mask.
                encoded = self.protein_encoder(protein_input_ids[rows, :longest], attention_mask=mask).last_hidden_state
            for row, encoding in zip(rows, encoded, strict=True):
                vectors[row] = encoding[: lengths[row]]
        hidden = torch.cat([vectors[row] for row in first])
        projected: Tensor = self.protein_projection(hidden.to(self.protein_projection.weight.dtype))
        return projected

    def embed(
        self,
        input_ids: Tensor,
        atoms: Tensor | None = None,
        edge_index: Tensor | None = None,
        edge_attr: Tensor | None = None,
        protein_input_ids: Tensor | None = None,
        protein_attention_mask: Tensor | None = None,
    ) -> Tensor:
        """Return the language model's input vectors [batch, length, text width].

        Placeholder positions are filled row by row with the features, in the order of the structures.

        Raises:
            ValueError: The numbers of placeholders and features differ.
        """
        is_atom = torch.eq(input_ids, self.config.molecule_token_id)
        is_residue = torch.eq(input_ids, self.config.protein_token_id)
        # Placeholder ids have no row in the table; any row will do, for it is overwritten.
        embeds = self.get_input_embeddings()(input_ids.masked_fill(is_atom | is_residue, 0))
        molecules = None if atoms is None else self.get_molecule_features(atoms, edge_index, edge_attr)
        proteins = (
            None if protein_input_ids is None else self.get_protein_features(protein_input_ids, protein_attention_mask)
        )
        embeds = _fill(embeds, is_atom, molecules, "molecule", "atom")
        embeds = _fill(embeds, is_residue, proteins, "protein", "protein token")
        return embeds + self._idle(input_ids, molecules is None, proteins is None) if self.sync_shards else embeds

    def _idle(self, input_ids: Tensor, without_molecules: bool, without_proteins: bool) -> Tensor:
        """Return 0, by way of the parts that a batch leaves without work."""
        total = torch.zeros((), device=input_ids.device)
        if without_molecules and self.molecule_encoder is not None:
            for part in (self.molecule_encoder, self.molecule_projection):
                total = total + sum(parameter.sum() for parameter in part.parameters() if parameter.requires_grad) * 0.0
        if without_proteins and self.protein_encoder is not None:
            shortest = input_ids.new_zeros(1, 1)
            total = total + self.get_protein_features(shortest, torch.ones_like(shortest)).sum() * 0.0
        return total

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        atoms: Tensor | None = None,
        edge_index: Tensor | None = None,
        edge_attr: Tensor | None = None,
        protein_input_ids: Tensor | None = None,
        protein_attention_mask: Tensor | None = None,
        logits_to_keep: int | Tensor = 0,
        **kwargs: Any,
    ) -> Any:
        """Run the language model over text and structures.

        Args:
            input_ids: [batch, length] token ids and placeholders.
            attention_mask: [batch, length], 0 at padding on either side.
            position_ids: [batch, length]; counted from the attention mask when not given.
            past_key_values: Cache of earlier positions.
            inputs_embeds: [batch, length, text width] instead of ``input_ids`` and structures.
            labels: [batch, length], -100 where nothing is to be predicted.
            atoms: [n, 2] atoms of all molecules of the batch, in prompt order.
            edge_index: [2, e] directed edges over those atoms.
            edge_attr: [e, 2] their attributes.
            protein_input_ids: [proteins, length] all proteins of the batch in prompt order, right-padded.
            protein_attention_mask: [proteins, length].
            logits_to_keep: Compute logits for the last positions only; 0 means all.
            **kwargs: Passed to the language model.

        Returns:
            The language model's output: ``loss`` when labels were given, ``logits``, ``past_key_values`` ...

        Raises:
            ValueError: Both or neither of ``input_ids`` and ``inputs_embeds`` were given, or the numbers of
                placeholders and features differ.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("expected exactly one of input_ids and inputs_embeds")
        if input_ids is not None:
            inputs_embeds = self.embed(
                input_ids, atoms, edge_index, edge_attr, protein_input_ids, protein_attention_mask
            )
        if (
            position_ids is None
            and past_key_values is None
            and attention_mask is not None
            and attention_mask.dim() == 2
        ):
            position_ids = (attention_mask.long().cumsum(-1) - 1).clamp(min=0)
        return self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            labels=labels,
            logits_to_keep=logits_to_keep,
            **kwargs,
        )

    @torch.no_grad()
    def generate(  # type: ignore[override]
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        atoms: Tensor | None = None,
        edge_index: Tensor | None = None,
        edge_attr: Tensor | None = None,
        protein_input_ids: Tensor | None = None,
        protein_attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """Continue a left-padded batch; greedy search, sampling, beams and streamers as in transformers.

        The structures are encoded once. Penalties on repetition see the new tokens only.

        Args:
            input_ids: [batch, length], left-padded.
            attention_mask: [batch, length], 0 at padding; all ones when not given.
            atoms: As in :meth:`forward`.
            edge_index: As in :meth:`forward`.
            edge_attr: As in :meth:`forward`.
            protein_input_ids: As in :meth:`forward`.
            protein_attention_mask: As in :meth:`forward`.
            inputs_embeds: Prepared input vectors instead of all of the above but the attention mask.
            **kwargs: Everything ``GenerationMixin.generate`` takes.

        Returns:
            The NEW tokens [batch, new length] only, or transformers' output object that holds them.

        Raises:
            ValueError: No input was given, or an ``assistant_model``, which cannot read structures.
        """
        if kwargs.get("assistant_model") is not None:
            raise ValueError("assistant_model cannot read molecules and proteins; leave it out")
        if inputs_embeds is None:
            if input_ids is None:
                raise ValueError("expected input_ids or inputs_embeds")
            inputs_embeds = self.embed(
                input_ids, atoms, edge_index, edge_attr, protein_input_ids, protein_attention_mask
            )
        if attention_mask is None:
            attention_mask = torch.ones(inputs_embeds.shape[:2], dtype=torch.long, device=inputs_embeds.device)
        kwargs |= {"inputs_embeds": inputs_embeds, "attention_mask": attention_mask}
        settings = kwargs.get("generation_config") or self.generation_config
        penalty = kwargs.pop("repetition_penalty", settings.repetition_penalty)
        if penalty not in (None, 1):
            # The library's own would spare as many of a row's new tokens as the row has padding.
            penalize = RepetitionPenaltyLogitsProcessor(float(penalty))
            kwargs["logits_processor"] = LogitsProcessorList([penalize, *(kwargs.get("logits_processor") or ())])
        kwargs["repetition_penalty"] = 1.0
        return super().generate(**kwargs)  # type: ignore[misc]

    def save_pretrained(self, *args: Any, **kwargs: Any) -> None:
        """Save as transformers does, but in this class's own key layout unless told otherwise.

        The library's default would write keys of older layouts back and break those of the ESM inside.
        """
        super().save_pretrained(*args, **{"save_original_format": False, **kwargs})


def _learns(module: nn.Module) -> bool:
    """Return whether a part is trained; else no gradient graph is built in it."""
    return any(parameter.requires_grad for parameter in module.parameters())


def _fill(embeds: Tensor, where: Tensor, features: Tensor | None, kind: str, unit: str) -> Tensor:
    """Return ``embeds`` with ``features`` at the positions ``where``, row by row."""
    count = 0 if features is None else features.shape[0]
    if not torch.compiler.is_compiling():
        wanted = int(where.sum())
        if wanted != count:
            raise ValueError(
                f"input_ids holds {wanted} {kind} placeholders, but there are {count} {unit} features; "
                "each needs exactly one, so pass the processor's output unchanged and do not truncate it "
                "(after the vocabulary was resized: processor.follow(model.config))"
            )
    if features is None:
        return embeds
    # The parts of a model may lie on several devices.
    return embeds.masked_scatter(where.unsqueeze(-1).to(embeds.device), features.to(embeds))


AutoModel.register(GinConfig, GinEncoder)
AutoModelForCausalLM.register(BioMedGPTConfig, BioMedGPTForConditionalGeneration)
AutoModelForMultimodalLM.register(BioMedGPTConfig, BioMedGPTForConditionalGeneration)
