"""Rows side by side with padding, or end to end without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from transformers import PreTrainedModel

from loracheck.models.head import tiled_head
from loracheck.models.likelihood import pad, token_nll
from loracheck.templates.chat import IGNORED, EncodedRow

_SEEN, _MOVED = 0.005, 0.1
"""Most that a token's loss may change on average, in nats. Of what it sees: a clean Gemma 3 270M changed by nothing at
all in float32, bfloat16 and NF4, random models that see other rows by 0.02 and more. Against the row alone: 5e-6, and
more on GPUs, where other shapes round otherwise."""


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
    """Tell whether the tokens of a row keep their loss when another row is packed before it.

    Two things are compared, token by token: the row behind one row and behind the same one reversed, which differ by
    nothing but what may not be seen; and the row packed and alone, which differ by rounding, too.

    Args:
        model: The base, or a model with its adapter on.
        rows: Two different rows.
    """
    first, second = rows[0].untrained(), rows[1]
    was_training = model.training
    model.eval()
    tiles = tiled_head(model)

    def losses(packed: Sequence[EncodedRow]) -> torch.Tensor:
        batch = {name: value.to(model.device) for name, value in pack(packed).items()}
        with torch.inference_mode():
            return token_nll(model, batch, tiles)[0].float()

    alone, behind = losses([second]), losses([first, second])
    behind_another = losses([replace(first, ids=first.ids[::-1]), second])
    model.train(was_training)
    seen = (behind - behind_another).abs().mean()
    return bool(seen <= _SEEN and (behind - alone).abs().mean() <= _MOVED)
