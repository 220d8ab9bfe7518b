"""Rows side by side with padding, or end to end without."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

from loracheck.models.likelihood import pad
from loracheck.templates.chat import IGNORED, EncodedRow

_TOLERANCE = 0.02


def lay_out(rows: Sequence[EncodedRow], pad_id: int, *, packing: bool) -> dict[str, torch.Tensor]:
    """Return the tensors of a part: padded, or packed end to end."""
    return pack(rows) if packing else pad(rows, pad_id)


def pack(rows: Sequence[EncodedRow]) -> dict[str, torch.Tensor]:
    """Lay rows end to end as input_ids, labels and position_ids, each (1, tokens).

    Positions begin again with every row and there is no attention mask: that is how transformers tells packed rows
    apart and keeps them from seeing one another. A row's first token has no label, so that no row is asked for
    the beginning of the next.
    """
    ids = [token for row in rows for token in row.ids]
    labels = [label if place else IGNORED for row in rows for place, label in enumerate(row.labels)]
    places = [place for row in rows for place in range(len(row.ids))]
    return {
        "input_ids": torch.tensor([ids]),
        "labels": torch.tensor([labels]),
        "position_ids": torch.tensor([places]),
    }


def packs_cleanly(model: PreTrainedModel, rows: Sequence[EncodedRow]) -> bool:
    """Tell whether a row's loss stays what it is alone when another row is packed before it.

    Args:
        model: A model that returns the summed loss when it is called with labels.
        rows: Two different rows.
    """
    first, second = rows[0], rows[1]
    was_training = model.training
    model.eval()

    def loss(packed: Sequence[EncodedRow]) -> float:
        batch = {name: value.to(model.device) for name, value in pack(packed).items()}
        with torch.no_grad():
            return float(model(**batch).loss)

    together, alone = loss([first.untrained(), second]), loss([second])
    model.train(was_training)
    return abs(together - alone) <= _TOLERANCE * max(1, second.trained_tokens)
