"""What is said while work goes on, in Japanese, by its English."""

from __future__ import annotations

from loracheck.words.sentences import patterns, translated

SENTENCES: dict[str, str] = {
    "{}: {}": "{}: {}",
    "short answers": "短い回答",
    "open prompts": "自由回答",
    "open prompts, seed {}": "自由回答、シード{}",
    "training prompts": "学習データの質問",
    "likelihoods": "尤度",
    "texts": "文章の尤度",
    "scoring by the base": "ベースによる採点",
    "answering by the base": "ベースによる回答",
    "generating": "生成",
    "judging": "審査",
    "checking rows": "行の検査",
    "answers of the trained form": "学習した形の回答",
    "distributions of the trained form": "学習した形の分布",
    "modules against the base": "ベースとモジュールの比較",
    "held-out rows": "取り置き行",
    "planning": "計画",
    "training tokens": "学習トークン",
    "{}: {} of {} tokens are trained": "{0}: {2}トークンのうち{1}トークンを学習します",
    "step {} of {}, loss {}, {} tokens/s": "ステップ{}/{}、損失{}、毎秒{}トークン",
    "step {} of {}, loss {}, {} tokens/s, {} GB": "ステップ{}/{}、損失{}、毎秒{}トークン、{} GB",
    "{} is finished already; nothing to do.": "{}はすでに終わっています。何もしません。",
    "{} of {} rows are longer than {} tokens (--max-length): the beginning of what they ask is cut off, first in {}": (
        "{1}行のうち{0}行が{2}トークン(--max-length)より長く、質問の先頭を切り詰めました。最初は{3}です"
    ),
    "{} rows cannot be read; the first {} are listed, the other {} counted.": (
        "{}行を読み取れません。最初の{}行を一覧に載せ、残りの{}行は数えるだけにします。"
    ),
    "{}: inputs or options changed; the old run is kept in {}.": (
        "{}: 入力かオプションが変わりました。前の実行結果は{}に残します。"
    ),
    "logged to {}: {}": "{}に記録しました: {}",
    "--report-to {}: not logged: {}; the run itself is whole": (
        "--report-to {}: 記録できませんでした: {}。実行結果は無事です"
    ),
    "{} lists no models, so their names were not checked": (
        "{}はモデルの一覧を返さないため、名前を確かめていません"
    ),
    "no adapter is held, so there are no causes to look for": (
        "出荷不可のアダプターがないため、原因は探しません"
    ),
    "the base reads {} answers of arms that were asked without it": (
        "ベースなしで尋ねた比較対象の応答{}件を、ベースが読みます"
    ),
    "{}: {} replies that are begun cannot be gone on with and are not asked": (
        "{}: 書きかけの応答{}件は、続きを書かせられないため尋ねません"
    ),
    "{}, {}: {} of {} failures looked at": "{0}、{1}: 失敗{3}件のうち{2}件を調べます",
    "{}: without {}: {}": "{}: {}を使いません: {}",
    "no base is named; name it by --base": "ベースの指定がありません。--baseで指定してください",
    "the arm is no adapter on the base, so it has no weights of its own": (
        "ベースに付けたアダプターではなく、固有の重みがありません"
    ),
    "loading {}: {}": "{}を読み込んでいます: {}",
    "{} speaks of other weights than {} has; it is not taken into account.": (
        "{}は、{}とは別の重みについてのものです。考慮しません。"
    ),
    "the server takes no {} and no {}; the same question may be answered otherwise": (
        "サーバーが{}と{}を受け付けません。同じ質問でも、回答が変わるかもしれません"
    ),
    "the server takes no {}; the same question may be answered otherwise": (
        "サーバーが{}を受け付けません。同じ質問でも、回答が変わるかもしれません"
    ),
    "{} of the base's answers were known from earlier runs": (
        "ベースの回答{}件は、以前の実行で得たものを使いました"
    ),
    "{}: {} bundled probes are left out, as they chose it by its card": (
        "{}: 同梱のプローブ{}件は、カードによれば選択に使われたため除きます"
    ),
    "{}: its card names {} bundled probes that chose it, more than a watch of training asks; all are asked, and "
    "its verdict stays open": (
        "{}: カードは選択に使った同梱のプローブを{}件挙げていますが、学習中の監視で出題する数を超えています。"
        "すべて出題し、判定は保留にします"
    ),
    "this processor has no fast products in 16 bits; the base computes in float32": (
        "このCPUは16ビットの積を速く計算できないため、ベースはfloat32で計算します"
    ),
    "the base's own weights are not at hand to tell it by, so its answers are not cached": (
        "ベースの重みで見分けられないため、その回答は保存しません"
    ),
    "the base's answers are not cached: {}": "ベースの回答を保存しません: {}",
    "cannot use the cache {}: {}": "キャッシュ{}を使えません: {}",
    "{}: {} texts at about {} CPU-seconds, {} in all": "{}: {}件、1件につき約{}CPU秒、全部で{}秒",
    "{} names no row, so none is taken out for it.": (
        "{}に挙がった行はないため、そのために除く行はありません。"
    ),
    "{} of {} rows were scored before": "{1}行のうち{0}行は、採点済みです",
    "{} rows cannot be scored by the base": "{}行は、ベースで採点できません",
    "generator {} at {}: {} requests": "{1}の生成モデル{0}: {2}件の要求",
    "comparing {} rows with each other": "{}行どうしを比べています",
    "no --base: rows get no score by likelihood.": "--baseがないため、尤度による採点はしません。",
    "the cache of scores was damaged; it is set aside as {}": (
        "点数のキャッシュが壊れていたため、{}として別に残しました"
    ),
    "{} clusters of {} rows ({})": "{1}行を{0}個のクラスターに分けました({2})",
    "judge {} at {}: {} rows, {} requests, about {} tokens; known answers cost nothing": (
        "{1}の審査モデル{0}: {2}行、{3}件の要求、約{4}トークン。得られている回答は数えません"
    ),
    "judge {} at {}: {} rows, {} requests, about {} tokens, about {} at the prices given; known answers "
    "cost nothing": (
        "{1}の審査モデル{0}: {2}行、{3}件の要求、約{4}トークン、指定の単価で約{5}。"
        "得られている回答は数えません"
    ),
    "this machine": "このマシン",
    "writing a GGUF file of type {}": "{}形式のGGUFファイルを書いています",
    "asking the trained form ({} with the adapter) {} probes": (
        "学習した形({}にアダプターを付けたもの)に、{}問を尋ねています"
    ),
    "no style was found in the data: persona learnt, leakage and names cannot be measured": (
        "データに目立つ口調がないため、ペルソナの習得、漏れ、名前での回答は測れません"
    ),
    "strength {} ({} of {})": "強さ{0} ({2}中{1})",
    "no strength above 0 is safe: no adapter was written": (
        "0より大きい安全な強さがないため、アダプターを書いていません"
    ),
    "{} of {}: {}": "{1}中{0}: {2}",
    "training on {}": "{}で学習します",
    "this architecture's own loss is used: slower, with logits at every position": (
        "モデル自身の損失を使います。すべての位置のロジットが要るため、遅くなります"
    ),
    "this model has an operation that a GPU does not repeat bit by bit: nor is the adapter": (
        "このモデルにはGPUでビット単位の再現ができない演算があるため、アダプターも完全には再現されません"
    ),
    "resuming after step {} of {}": "ステップ{}/{}の後から再開します",
    "probe: the largest micro-batch, and {} steps": "試行: 最大のマイクロバッチと、{}ステップ",
    "{}: {}; the checkpoint before it is used": "{}: {}。その前のチェックポイントを使います",
    "{} is missing": "{}がありません",
    "{} is damaged": "{}は壊れています",
    "{}: read as {}.": "{}: {}として読みます。",
    "{}: not UTF-8; read as {}, which fits the whole file.": (
        "{}: UTF-8ではないため、ファイル全体に合う{}として読みます。"
    ),
    "converting {} into a model folder, once (about 20 CPU-seconds)": (
        "{}をモデルのフォルダーに変換しています。初回だけです(20CPU秒ほど)"
    ),
    "the model folder is {}": "モデルのフォルダーは{}です",
    "{}: not read: {}.": "{}: 読まなかったもの: {}",
    "{} and {} more": "{}、ほか{}件",
    "{}: the base answers open questions": "{}: ベースが自由回答の質問に答えます",
    "{}: train the {} adapter, {} rows, {} epochs": "{}: {}アダプターを、{}行、{}エポックで学習します",
    "{}: evaluate base and both adapters": "{}: ベースと二つのアダプターを評価します",
    "The embedded model is Gemma 3 270M. Gemma is provided under and subject to the Gemma Terms of Use: {}": (
        "内蔵のモデルはGemma 3 270Mです。Gemmaの提供と利用には、Gemma Terms of Useが適用されます: {}"
    ),
    "1/4  curate {}: how people collect the persona {}": (
        "1/4  {}を精選します(人が集めたままの、ペルソナ{}のデータ)"
    ),
    "{}/4  train on the {} data: {} tokens": "{}/4  {}のデータで学習します: {}トークン",
    "4/4  evaluate base, raw and curated on the same questions": "4/4  base、raw、curatedに同じ質問をします",
    "was trained on the base as it is, and is asked on it in {}": (
        "元のままのベースで学習されていますが、{}のベースで尋ねます"
    ),
    "was trained on the base in {}: --quantization {} asks that form, this run the one merged": (
        "{}のベースで学習されています。--quantization {}なら同じ形で、今回はマージした形で尋ねます"
    ),
    "names {} as its base, which is not what {} is called": "ベースの名前は{}で、{}とは違います",
    "add {}: without it recitation, leakage and style cannot be measured": (
        "{}を加えてください。なければ、暗唱、漏れ、口調を測れません"
    ),
    "{} has a lower held-out loss than these weights": (
        "{}のほうが、この重みより取り置き行の損失が小さくなっています"
    ),
    "--data, which was {}": "--data(学習時は{})",
    "{}: no {} to be had; checks that need them stay open": (
        "{}: {}が得られません。それらの要る検査は保留になります"
    ),
    "choices and no likelihoods": "選択肢の比較と尤度",
    "choices": "選択肢の比較",
}
_PATTERNS = patterns(SENTENCES)


def in_japanese(said: str) -> str:
    """Return what is said of the work in Japanese; lines unknown as they are."""
    return "\n".join(translated(line, _PATTERNS) for line in said.split("\n"))
