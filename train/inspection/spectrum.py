"""Spectrum of a module's change of the weight, from its factors alone: no matrix of the weight's size is built.

For LoRA, B = Q1 R1 and A^T = Q2 R2, so that B A = Q1 (R1 R2^T) Q2^T has the singular values of a small core. The
change of LoHa is such a product as well, of rank r^2; LoKr's is a Kronecker product, whose singular values are
all products of one from each side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from loracheck.records.adapter import Spectrum

MAX_CORE = 1024
_SHOWN = 8
Factors = Mapping[str, torch.Tensor]


class NotComputed(Exception):
    """Why a change cannot be taken from its factors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The change of a weight, not yet scaled.

    `left` (rows, k) times `right` (k, columns); with `kron` their Kronecker product instead.
    """

    left: torch.Tensor
    right: torch.Tensor
    kron: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Return the rows and columns of the weight."""
        if self.kron:
            return (
                self.left.shape[0] * self.right.shape[0],
                self.left.shape[1] * self.right.shape[1],
            )
        return self.left.shape[0], self.right.shape[1]

    def dense(self, scale: float) -> torch.Tensor:
        """Return the change as a whole matrix; only for a caller that holds the weight itself."""
        return scale * (torch.kron(self.left, self.right) if self.kron else self.left @ self.right)


def change_of(factors: Factors) -> Change:
    """Put a module's factors together.

    Raises:
        NotComputed: factors are missing, do not fit, or make a change of too high a rank to be worth it.
    """
    try:
        if "lora_A" in factors:
            return _lora(factors)
        if "lora_embedding_A" in factors:
            return Change(left=factors["lora_embedding_A"].T, right=factors["lora_embedding_B"].T)
        if any(name.startswith("hada_") for name in factors):
            return _loha(factors)
        if any(name.startswith("lokr_") for name in factors):
            return _lokr(factors)
    except KeyError as missing:
        raise NotComputed(f"its factor {missing.args[0]} is missing") from None
    except (RuntimeError, IndexError, ValueError):
        raise NotComputed("its factors do not fit one another") from None
    raise NotComputed("its kind is not known")


def spectrum_of(change: Change, scale: float) -> Spectrum | None:
    """Return the spectrum of a change; None for a change of nothing.

    Raises:
        NotComputed: the change is not finite, or of too high a rank.
    """
    if not bool(torch.isfinite(change.left).all() and torch.isfinite(change.right).all()):
        raise NotComputed("it holds numbers that are not finite")
    values = abs(scale) * singular_values(change)
    energy = values.square()
    total = float(energy.sum())
    if total == 0.0:
        return None
    shares = values[values > 0] / values.sum()
    return Spectrum(
        norm=total**0.5,
        leading=tuple(float(value) for value in values[:_SHOWN]),
        top_share=float(energy[0]) / total,
        effective_rank=float(torch.exp(-(shares * shares.log()).sum())),
        stable_rank=total / float(energy[0]),
    )


def singular_values(change: Change) -> torch.Tensor:
    """Return the singular values of an unscaled change, largest first, in double precision."""
    left, right = change.left.double(), change.right.double()
    if change.kron:
        if min(left.shape) * min(right.shape) > MAX_CORE**2:
            raise NotComputed(f"its change has rank {min(left.shape) * min(right.shape):,}")
        pairs = torch.outer(torch.linalg.svdvals(left), torch.linalg.svdvals(right))
        return pairs.flatten().sort(descending=True).values
    if left.shape[1] > MAX_CORE:
        raise NotComputed(f"its change has rank {left.shape[1]:,}, and {MAX_CORE:,} are computed at most")
    cores = [torch.linalg.qr(side, mode="r").R for side in (left, right.T)]
    values: torch.Tensor = torch.linalg.svdvals(cores[0] @ cores[1].T)
    return values


def _lora(factors: Factors) -> Change:
    """Return the product of LoRA's factors; of a convolution, over the flattened kernel."""
    down, up = factors["lora_A"], factors["lora_B"]
    if "lora_mid" in factors:  # a Tucker core between the two
        down = torch.einsum("ijkl,jm->imkl", factors["lora_mid"], down.flatten(1))
    if "lora_E" in factors:  # AdaLoRA's singular values
        down = down * factors["lora_E"]
    left, right = up.flatten(1), down.flatten(1)
    if left.shape[1] != right.shape[0]:
        raise ValueError
    return Change(left=left, right=right)


def _loha(factors: Factors) -> Change:
    """Write (A1 B1) * (A2 B2), a product element by element, as one product of rank r^2."""
    if "hada_t1" in factors:
        raise NotComputed("its convolutions are in Tucker form")
    left = [factors[name] for name in ("hada_w1_a", "hada_w2_a")]
    right = [factors[name] for name in ("hada_w1_b", "hada_w2_b")]
    rank = left[0].shape[1] * left[1].shape[1]
    if rank > MAX_CORE:
        raise NotComputed(f"its change has rank {rank:,}, and {MAX_CORE:,} are computed at most")
    return Change(
        left=torch.einsum("ni,nj->nij", *left).flatten(1),
        right=torch.einsum("im,jm->ijm", *right).flatten(0, 1),
    )


def _lokr(factors: Factors) -> Change:
    """Return the two sides of LoKr's Kronecker product, each whole or a product of low rank."""
    if "lokr_t2" in factors:
        raise NotComputed("its convolutions are in Tucker form")
    sides = []
    for side in ("lokr_w1", "lokr_w2"):
        whole = factors.get(side)
        sides.append(whole if whole is not None else factors[f"{side}_a"] @ factors[f"{side}_b"])
    return Change(left=sides[0], right=sides[1].flatten(1), kron=True)
