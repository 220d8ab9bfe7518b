"""What `inspect` and `merge` say of an adapter, in Japanese: its notices, and why something was not done with it."""

from __future__ import annotations

_NOTICES: dict[str, str] = {
    "{} tensors hold NaN or infinity, the first is {}.": (
        "{}個のテンソルにNaNか無限大があります。最初は{!s}です。"
    ),
    "it changes nothing: a factor of every module is all zero.": (
        "何も変えません。どのモジュールも、因子の一つがすべてゼロです。"
    ),
    "{} of {} modules change nothing, the first is {}.": (
        "{1}個のモジュールのうち{0}個は、何も変えません。最初は{2!s}です。"
    ),
    "without {} no alpha is known: norms are those of the bare product of the factors.": (
        "{}がないため、alphaが分かりません。ノルムは、倍率を掛けていない因子の積の値です。"
    ),
    "{} modules have another rank than {} says.": "{}個のモジュールのランクが、{}の記載と違います。",
    "a pattern of ranks or alphas was too involved to follow: {}": (
        "ランクまたはalphaのパターンが複雑すぎるため、適用していません: {!s}"
    ),
    "its base is a 4-bit copy; merge it into the 16-bit original.": (
        "ベースは4ビット版です。マージ先には、元の16ビット版を指定してください。"
    ),
    "intruder directions go with forgetting (arXiv 2410.21228): see the checks of forgetting in eval.": (
        "侵入方向は忘却と関連します(arXiv 2410.21228)。evalの、忘却に関する検査の結果を確かめてください。"
    ),
    "it is an adapter of an image model; eval and merge take adapters of language models only.": (
        "画像モデルのアダプターです。evalとmergeが扱うのは、言語モデルのアダプターだけです。"
    ),
    "its tags, folders or title may name a person: {}": (
        "タグ、フォルダー名、題名のいずれかに、人名が含まれている可能性があります: {!s}"
    ),
}
_LOADERS: dict[str, str] = {
    "it takes its beginning out of the base's weights first": (
        "読み込むときに、まずベースの重みから初期値の分を差し引きます"
    ),
    "there is no {} beside it": "{}が付いていません",
    "the file is to be called {}": "ファイル名を{}にする必要があります",
    "peft knows no kind 'without a name'": "アダプターの種類が記載されていません",
    "peft knows no kind {}": "peftは種類{!s}に対応していません",
    "{} gives {} rank {}, its tensors have rank {}": (
        "{}に記載された{!s}のランクは{}ですが、テンソルのランクは{}です"
    ),
    "it takes LoRA only, not {}": "対応しているのはLoRAだけで、{!s}には対応していません",
    "it has no DoRA; merge the adapter instead": (
        "DoRAに対応していません。アダプターをマージして使ってください"
    ),
    "it would not change the base's weights first; save it again as a plain LoRA": (
        "先にベースの重みを変える処理に対応していません。通常のLoRAとして保存し直してください"
    ),
    "it takes no whole modules ({}); merge the adapter instead": (
        "モジュール全体の重み({!s})に対応していません。アダプターをマージして使ってください"
    ),
    "it takes no trained biases": "学習したバイアスに対応していません",
    "it takes no single trained tokens but in its newest versions": (
        "一部のトークンだけの学習に対応しているのは、最新の版だけです"
    ),
    "it knows no tensor called {}": "{!s}という名前のテンソルに対応していません",
    "{} has no r or no lora_alpha": "{}にrまたはlora_alphaがありません",
    "it would scale every module by lora_alpha / r, and some have another scale; merge the adapter instead": (
        "すべてのモジュールに倍率lora_alpha / rを使いますが、倍率の異なるモジュールがあります。"
        "アダプターをマージして使ってください"
    ),
    "rank {} is above its limit of {}": "ランク{}は、上限の{}を超えています",
}
_MODULES: dict[str, str] = {
    "the base has no weight of that name": "その名前の重みがベースにありません",
    "the base's weight is quantised": "ベースの重みが量子化されています",
    "the changed weight is not finite": "変更後の重みに有限でない値があります",
    "embeddings and heads are not looked at": "埋め込みと出力層は調べません",
    "no alpha is known": "alphaが分かりません",
    "the change is zero": "変化がゼロです",
    "it changes all experts of a layer at once": "層のすべてのエキスパートを一度に変えます",
    "its alpha is no finite number": "alphaが有限の数値ではありません",
    "its factor {} is missing": "因子{!s}がありません",
    "its factors do not fit one another": "因子どうしの形が合いません",
    "its kind is not known": "種類が分かりません",
    "it holds numbers that are not finite": "有限でない値があります",
    "its change has rank {}": "変化のランクが{}に達しています",
    "its change has rank {}, and {} are computed at most": (
        "変化のランクが{}で、計算できる上限の{}を超えています"
    ),
    "its convolutions are in Tucker form": "畳み込みがTucker形式です",
}
_TRACES: dict[str, str] = {
    "summary.json of the run": "実行結果のsummary.json",
    "{} was not read: {}": "{!s}は読み込んでいません: {}",
    "no line of JSON in it": "JSONの行がありません",
    "longer than {} kB": "{} kBを超えています",
    "broken YAML, or YAML that names Python objects": "YAMLが壊れているか、Pythonのオブジェクトを指しています",
    "no YAML mapping": "YAMLのマッピングではありません",
    "no steps in it": "ステップの記録がありません",
    "diffusers or a tool of its format": "diffusers、または同じ形式のツール",
}
_FORMS: dict[str, str] = {
    "merged, {}": "マージ後、{}",
    "GGUF {}, dequantised to bfloat16": "GGUF {}、bfloat16に逆量子化",
    "its vocabulary has another size than the base's": "語彙の大きさがベースと違います",
    "its logits are not finite": "ロジットに有限でない値があります",
    "the trained form cannot be loaded here: {}": "学習した形を、このマシンでは読み込めません: {}",
    "transformers cannot read it: {}": "transformersで読み込めません: {!s}",
    "unknown: check the base's licence": "不明です。ベースのライセンスを確かめてください",
}
INSPECTION: dict[str, str] = _NOTICES | _LOADERS | _MODULES | _TRACES | _FORMS
