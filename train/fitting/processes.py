"""The processes of one run under torchrun or accelerate launch; one alone otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TypeVar

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from loracheck.errors import UsageError
from loracheck.models.load import training_device
from loracheck.train.config import TrainConfig

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """This process's place among those of the run; the main one writes and speaks."""

    rank: int
    count: int

    @property
    def main(self) -> bool:
        """Tell whether this is the process that writes."""
        return self.rank == 0

    def share(self, value: T) -> T:
        """Return the main process's value in every process."""
        if self.count == 1:
            return value
        shared = [value]
        broadcast_object_list(shared)
        return shared[0]

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.count > 1:
            PartialState().wait_for_everyone()


def refuse_sharding_on_cpu(config: TrainConfig) -> None:
    """Refuse FSDP and DeepSpeed where accelerate would leave them out without a word.

    Raises:
        UsageError: the model cannot be divided, as there is no GPU.
    """
    if config.sharded and training_device().type == "cpu":
        raise UsageError(
            "--fsdp and --deepspeed divide a model over GPUs, and there is none here: every process would hold all "
            "of it.",
            kind="options_conflict",
            hint="Leave it out; torchrun alone divides the rows.",
        )


def start_processes() -> Processes:
    """Join the processes that torchrun or accelerate launch has started."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes(rank=0, count=1)
    state = PartialState(cpu=training_device().type == "cpu")
    return Processes(rank=state.process_index, count=state.num_processes)
