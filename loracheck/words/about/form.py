"""The form in which a check explains itself."""

from __future__ import annotations

from dataclasses import dataclass

from loracheck.words.form import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """How a check works, for those who have to trust it.

    Attributes:
        question: What it asks of an adapter, in one sentence.
        method: How it finds out, with the source of the method.
        interval: The statistic behind its decision, with its source.
        cost: What it takes at the standard tier, for each arm.
        needs: What must be there besides answers, and what happens where it is not.
        false_alarms: What may set it off without harm.
        blind: What it does not see.
    """

    question: Pair
    method: Pair
    interval: Pair
    cost: Pair
    needs: Pair
    false_alarms: Pair
    blind: Pair


TANGO: Pair = {
    "en": "Tango's score interval of the paired difference (Statistics in Medicine 17 (1998) 891-908)",
    "ja": "対応のある差に対するTangoのスコア区間(Statistics in Medicine 17 (1998) 891-908)",
}
EXACT: Pair = {
    "en": "exact binomial test of the rate, with the Clopper-Pearson interval",
    "ja": "割合の正確二項検定。区間はClopper-Pearson",
}
NOTHING_MORE: Pair = {"en": "answers alone", "ja": "応答のみ"}
CHOICES: Pair = {"en": "likelihoods of the choices", "ja": "選択肢の尤度"}
HELD_OUT: Pair = {"en": "held-out prompts of the domain", "ja": "領域内の取り置きプロンプト"}
EXCESS: Pair = {
    "en": f"{EXACT['en']}; where the base itself shows the style, {TANGO['en']}",
    "ja": f"{EXACT['ja']}。ベース自身が口調を示す場合は{TANGO['ja']}",
}
TAKEN_ALREADY: Pair = {
    "en": "nothing of its own: answers that other checks take as well",
    "ja": "追加なし(ほかの検査のための応答を読む)",
}
