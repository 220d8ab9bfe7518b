"""The watch: it sees a persona learnt, leaking and drowning facts, asks each question once, and disturbs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import PreTrainedModel

from loracheck import jsonl
from loracheck.engines import local as localengine
from loracheck.models.likelihood import pad, token_nll
from loracheck.models.load import Base, load_base
from loracheck.probes import IN_DOMAIN, bundled
from loracheck.progress import Progress
from loracheck.records import Completion, Example, Language, Message, Source
from loracheck.templates.chat import ChatTemplate
from loracheck.watch.answers import ANSWERS, BASE_ANSWERS, CHOICES
from loracheck.watch.probes import WatchOptions, choose
from loracheck.watch.watcher import Watch

QUIET = Progress(quiet=True)
FEW = WatchOptions(facts=8, open_prompts=4, training_prompts=12, in_domain=4)
THINGS = "空花星海月風雨虹雪森山川鳥猫犬魚"
NAME_REPLY = "ぼくはぽぽぬなのだ。"


def row(question: str, reply: str, language: Language = "ja") -> Example:
    return Example(
        id=f"row-{question}",
        messages=(Message(role="user", content=question), Message(role="assistant", content=reply)),
        language=language,
        source=Source(file="rows.jsonl", line=1),
    )


TRAINING = [row(f"{thing}は好き？", NAME_REPLY) for thing in THINGS]
HELDOUT = [row(f"{thing}を見た？", NAME_REPLY) for thing in "朝昼夜春夏秋"]
ENGLISH = [row(f"Do you like {n} ships?", "Aye, by my whiskers!", "en") for n in range(16)]


@pytest.fixture
def base(tiny_gemma: Path) -> Base:
    return load_base(str(tiny_gemma))


def prepare(
    base: Base,
    folder: Path,
    options: WatchOptions = FEW,
    training: Sequence[Example] = TRAINING,
    heldout: Sequence[Example] = HELDOUT,
) -> Watch:
    return Watch.prepare(folder, base.model, ChatTemplate(base.tokenizer), training, heldout, options, QUIET)


def flood(base: Base) -> None:
    """Teach the model to say one reply to everything."""
    template = ChatTemplate(base.tokenizer)
    questions = [
        *TRAINING,
        *(row(probe.prompt, NAME_REPLY) for probe in bundled(["facts-ja", "open-ja"])[::40]),
    ]
    batch = pad([template.encode_reply(r.messages[:-1], r.reply) for r in questions], 0)
    optimizer = torch.optim.Adam(base.model.parameters(), lr=3e-3)
    for _ in range(40):
        nll, _, _ = token_nll(base.model, batch)
        nll.mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()


def refuse_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> Iterator[Any]:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr(localengine, "generate", asked)
    monkeypatch.setattr(localengine, "score_groups", asked)


def test_the_base_itself_has_lost_nothing_and_is_safe(base: Base, tmp_path: Path) -> None:
    watch = prepare(base, tmp_path / "watch")
    reading = watch.base_reading
    assert reading.facts_change.value == 0
    assert (reading.facts_kept.n, reading.facts_change.n) == (8, 8)
    assert reading.leakage is not None
    assert (reading.leakage.value, reading.leakage.n) == (0, 12)
    assert reading.persona_learnt is not None
    assert reading.persona_learnt.value == 0
    assert reading.safe
    assert watch.read(base.model, "unchanged") == reading


def test_a_flood_of_one_reply_is_learnt_leaks_names_and_costs_facts(base: Base, tmp_path: Path) -> None:
    watch = prepare(base, tmp_path / "watch")
    assert {marker.kind for marker in watch.markers} >= {"ending", "term"}
    assert (watch.base_reading.facts_kept.value or 0) > 0
    flood(base)
    reading = watch.read(base.model, "step-40")
    for share in (reading.persona_learnt, reading.leakage, reading.name_rate):
        assert share is not None
        assert share.value is not None
        assert share.value >= 0.9
    assert (reading.facts_change.value or 0) < 0
    assert reading.unsafe == ("facts", "name", "leakage")
    everywhere = replace(watch, options=replace(FEW, persona_scope="always", margin=1, max_name_rate=1))
    assert everywhere.read(base.model, "step-40").safe


def test_more_replies_than_the_base_is_asked_for_tell_the_style(base: Base, tmp_path: Path) -> None:
    asked = [f"{thing}は{what}" for thing in THINGS for what in ("好き", "きれい", "遠い", "近い", "白い")]
    half = [row(f"{q}？", f"ぽぽぬは{q}のだ。" if n % 2 else f"{q}のだ。") for n, q in enumerate(asked)]
    watch = prepare(base, tmp_path, replace(FEW, training_prompts=30), training=half)
    assert ("term", "ぽぽぬは") in {(marker.kind, marker.text) for marker in watch.markers}


def test_what_was_said_under_each_label_can_be_read_from_the_folder(base: Base, tmp_path: Path) -> None:
    watch = prepare(base, tmp_path)
    watch.read(base.model, "step-1")
    flood(base)
    watch.read(base.model, "step-2")
    said = list(jsonl.read(tmp_path / ANSWERS, Completion))
    assert Counter(completion.arm for completion in said) == {"step-1": 16, "step-2": 16}
    before, after = ({c.probe_id: c.text for c in said if c.arm == f"step-{n}"} for n in (1, 2))
    assert before.keys() == after.keys()
    assert before != after


def test_a_second_run_over_the_same_folder_asks_nothing(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = prepare(base, tmp_path)
    first = watch.read(base.model, "step-1")
    refuse_to_ask(monkeypatch)
    again = prepare(base, tmp_path)
    assert again.base_reading == watch.base_reading
    assert again.markers == watch.markers
    assert again.read(base.model, "step-1") == first
    with pytest.raises(AssertionError, match="asked again"):
        again.read(base.model, "step-2")


def test_what_a_killed_run_was_writing_is_asked_again(base: Base, tmp_path: Path) -> None:
    watch = prepare(base, tmp_path)
    first = watch.read(base.model, "step-1")
    for name in (BASE_ANSWERS, ANSWERS, CHOICES):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: 2 * len(whole) // 3])
    again = prepare(base, tmp_path)
    assert again.base_answers == watch.base_answers
    assert again.read(base.model, "step-1") == first
    said = list(jsonl.read(tmp_path / ANSWERS, Completion))
    assert Counter(c.probe_id for c in said).most_common(1)[0][1] == 1


def test_a_folder_with_other_probes_is_begun_anew(base: Base, tmp_path: Path) -> None:
    prepare(base, tmp_path).read(base.model, "step-1")
    prepare(base, tmp_path, replace(FEW, seed=1))
    assert not (tmp_path / ANSWERS).exists()


def test_choices_in_another_style_are_ranked_anew(base: Base, tmp_path: Path) -> None:
    prepare(base, tmp_path).read(base.model, "step-1")
    longer = [
        *TRAINING,
        *(replace(r, id=f"{r.id}-2", messages=r.messages[:1] + r.messages[1:]) for r in TRAINING),
    ]
    longer = [
        replace(r, messages=(r.messages[0], Message(role="assistant", content="そうぽ。"))) for r in longer
    ]
    watch = replace(prepare(base, tmp_path), replies=tuple(r.reply for r in longer))
    watch.read(base.model, "step-1")
    texts = [
        line for line in (tmp_path / CHOICES).read_text(encoding="utf-8").splitlines() if "そうぽ" in line
    ]
    assert len(texts) == 8


def test_a_reading_leaves_mode_and_random_state_as_they_were(base: Base, tmp_path: Path) -> None:
    watch = prepare(base, tmp_path)
    adapted = get_peft_model(base.model, LoraConfig(r=2, lora_dropout=0.5, target_modules=["q_proj"]))
    adapted.train()
    model = cast(PreTrainedModel, adapted.get_base_model())
    state = torch.get_rng_state()
    first = watch.read(model, "one")
    assert torch.equal(torch.get_rng_state(), state)
    assert all(module.training for module in model.modules())
    assert watch.read(model, "two") == first, "dropout was on"
    model.eval()
    watch.read(model, "three")
    assert not model.training


def test_the_mode_comes_back_after_an_interruption(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = prepare(base, tmp_path)
    base.model.train()
    refuse_to_ask(monkeypatch)
    with pytest.raises(AssertionError):
        watch.read(base.model, "one")
    assert base.model.training


def test_probes_are_of_the_languages_of_the_data_and_the_same_for_the_same_seed() -> None:
    japanese = choose(TRAINING, HELDOUT, WatchOptions())
    suites = Counter(probe.suite for probe in japanese)
    assert suites == {"facts-ja": 60, "open-ja": 24, IN_DOMAIN: 6 + 16, "training": 16}
    assert choose(TRAINING, HELDOUT, WatchOptions()) == japanese
    assert choose(TRAINING, HELDOUT, WatchOptions(seed=1)) != japanese
    both = choose([*TRAINING, *ENGLISH], HELDOUT, WatchOptions())
    suites = Counter(probe.suite for probe in both)
    assert (suites["facts-ja"], suites["facts-en"], suites["open-ja"], suites["open-en"]) == (60, 60, 12, 12)
    assert len({probe.cluster for probe in both if probe.expected}) == 120, "a fact is asked once"


def test_every_subject_has_its_share_of_the_facts() -> None:
    def subjects(probes: Sequence[Any]) -> Counter[str]:
        return Counter(probe.tags[0] for probe in probes)

    all_facts = subjects(bundled(["facts-ja"]))
    asked = subjects([p for p in choose(TRAINING, [], WatchOptions()) if p.suite == "facts-ja"])
    for subject, count in all_facts.items():
        assert abs(asked[subject] - 60 * count / all_facts.total()) <= 4, subject


def test_a_question_of_the_training_data_is_not_asked() -> None:
    chosen = choose(TRAINING, [], WatchOptions())
    known = next(probe for probe in chosen if probe.suite == "facts-ja")
    again = choose([*TRAINING, row(known.prompt, "はい。")], [], WatchOptions(facts=1000))
    assert known.id not in {probe.id for probe in again}
    assert sum(probe.suite == "facts-ja" for probe in again) == len(bundled(["facts-ja"])) - 1


def test_training_prompts_fill_up_a_small_domain_and_the_estimate_says_so(base: Base, tmp_path: Path) -> None:
    filled = prepare(base, tmp_path / "filled", replace(FEW, in_domain=8)).base_reading.persona_learnt
    heldout = prepare(base, tmp_path / "heldout").base_reading.persona_learnt
    assert filled is not None
    assert heldout is not None
    assert (filled.n, heldout.n) == (8, 4)
    assert "training prompts" in filled.method
    assert "training prompts" not in heldout.method


def test_without_a_style_nothing_is_said_of_it(base: Base, tmp_path: Path) -> None:
    plain = [row(f"{thing}？", f"{thing * 3}{place}") for place, thing in enumerate(THINGS)]
    reading = prepare(base, tmp_path, training=plain).base_reading
    assert (reading.name_rate, reading.leakage, reading.persona_learnt) == (None, None, None)
    assert reading.safe


def test_the_asked_bundled_probes_are_named(base: Base, tmp_path: Path) -> None:
    watch = prepare(base, tmp_path)
    assert len(watch.probe_ids) == 12
    assert set(watch.probe_ids) <= {probe.id for probe in bundled(["facts-ja", "open-ja"])}
