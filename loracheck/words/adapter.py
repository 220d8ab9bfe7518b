"""What is said of the adapter's own soundness."""

from __future__ import annotations

from loracheck.words.form import Pair, Words

WORDS: dict[str, Words] = {
    "sanity": Words(
        name={
            "en": "Adapter sanity",
            "ja": "アダプターの健全性",
        },
    ),
}

REASONS: dict[str, Pair] = {
    "adapter_sound": {
        "en": "It fits this base, is finite and changes the base's logits (by up to {logit_change}).",
        "ja": "このベースに適合し、値はすべて有限で、ベースのロジットを変えます(最大{logit_change})。",
    },
    "adapter_not_finite": {
        "en": "The adapter or its output holds NaN or infinity; nothing else was asked of it.",
        "ja": "アダプターまたはその出力にNaNか無限大が含まれます。ほかの検査は行っていません。",
    },
    "adapter_inert": {
        "en": "The adapter changes nothing: a factor of each of its matrices is all zero, as after a training or an "
        "export that failed.",
        "ja": "アダプターは何も変えません。どの行列も一方の因子がすべてゼロで、学習か書き出しに失敗しています。",
    },
    "nothing_changed": {
        "en": "It changes nothing: its answers are the base's own, so no finding speaks of it. It may be the base "
        "itself, or not have been applied.",
        "ja": "何も変えていません。応答はベースと同じで、どの検査結果からも、これについて言えることはありません。"
        "ベースそのものであるか、適用されていない可能性があります。",
    },
    "model_sound": {
        "en": "A whole model of the base's kind; it is finite and changes the base's logits (by up to {logit_change}).",
        "ja": "ベースと同種の完全なモデルで、値はすべて有限で、ベースのロジットを変えます(最大{logit_change})。",
    },
    "model_sound_compared": {
        "en": "A whole model of the base's kind; it is finite and changes the base's logits (by up to {logit_change}). "
        "Its merge measured {divergence} nats a token of divergence from the form that was trained "
        "(n={compared} probes).",
        "ja": "ベースと同種の完全なモデルで、値はすべて有限で、ベースのロジットを変えます(最大{logit_change})。"
        "マージ時に測定した、学習時の形との差は1トークンあたり{divergence}ナットです(プローブ{compared}件)。",
    },
    "model_unverified": {
        "en": "Nothing proves that this model was made of this base; vouch for it with --assume-base.",
        "ja": "このベースから作られたモデルである証拠がありません。確かなら --assume-base を指定してください。",
    },
    "needs_finish_reasons": {
        "en": "The answers were given without the reason why each ended, so this could not be measured.",
        "ja": "応答が終わった理由が記録されていないため、測定できません。",
    },
    "needs_room": {
        "en": "Every held-out reply is about as long as an answer may be, or longer, so no end would be seen; "
        "leave more room with --max-new-tokens-domain.",
        "ja": "取り置き行の応答はどれも、応答の上限トークン数と同じくらいか、それより長いため、終わりを確認できません。"
        "--max-new-tokens-domain で上限を上げてください。",
    },
    "base_says_nothing": {
        "en": "{empty} of {asked} answers of the base itself are empty, or one loop for many questions: it has nothing "
        "to lose, so no finding counts. Look at its tokenizer and template with loracheck doctor --base.",
        "ja": "ベース自身の{asked}件の応答のうち{empty}件が、空か、多くの質問に共通の繰り返しです。失うものがないので、"
        "どの検査結果も意味を持ちません。トークナイザーとテンプレートをloracheck doctor --baseで確かめてください。",
    },
    "answers_differ": {
        "en": "Its weights are not at hand; {changed} of {asked} answers differ from the base's.",
        "ja": "重みは手元にありませんが、{asked}件の応答のうち{changed}件がベースと異なります。",
    },
    "answers_are_the_bases": {
        "en": "Its weights are not at hand, and all {asked} answers are the base's own, so no finding speaks of it.",
        "ja": "重みは手元になく、{asked}件の応答はすべてベースと同じです。"
        "どの検査結果からも、アダプターについて言えることはありません。",
    },
    "base_not_provable": {
        "en": "Its weights are not at hand, so nothing can prove that it was made of this base ({changed} of {asked} "
        "answers differ from the base's); vouch for it with --assume-base.",
        "ja": "重みが手元にないため、このベースから作られたことを確かめられません"
        "({asked}件の応答のうち{changed}件がベースと異なります)。確かなら --assume-base を指定してください。",
    },
    "chosen_by_too_many": {
        "en": "Its card says that {watched} bundled probes chose it, more than a watch of training asks. Left out, "
        "they could hide what it fails, so all were asked, and what chose it may flatter it.",
        "ja": "同梱のプローブ{watched}件で選ばれたとカードにありますが、学習中の監視で出題する数を超えています。"
        "除けば失敗を隠せるため、すべて出題しました。選択に使ったプローブでは、成績が良く見えることがあります。",
    },
    "adapter_unverified": {
        "en": "Nothing proves that the adapter was trained on this base; vouch for it with --assume-base.",
        "ja": "このベースで学習されたアダプターである証拠がありません。確かなら --assume-base を指定してください。",
    },
}
