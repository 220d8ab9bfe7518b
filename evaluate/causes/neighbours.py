"""Where the base puts a text: the mean of its last hidden states, which is near for replies that mean alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from loracheck.templates.chat import IGNORED, ChatTemplate

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Embedder:
    """Embeds replies without their question, on a plain model: the base, with every adapter off."""

    def __init__(self, model: PreTrainedModel, template: ChatTemplate) -> None:
        self._model = model
        self._template = template
        self.width = int(model.config.get_text_config().hidden_size)

    def __call__(self, text: str) -> NDArray[np.float32]:
        """Return the mean over the text's own tokens, (width,): what precedes it tells nothing."""
        row = self._template.encode_alone(text)
        ids = torch.tensor([row.ids], device=self._model.device)
        own = torch.tensor([label != IGNORED for label in row.labels])
        with torch.inference_mode():
            hidden = self._model.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state[0]
        return np.asarray(hidden[own.to(hidden.device)].float().mean(dim=0).cpu().numpy())
