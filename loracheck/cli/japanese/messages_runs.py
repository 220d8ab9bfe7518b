"""What went wrong with run directories and comparisons of them, in Japanese."""

from __future__ import annotations

RUNS: dict[str, str] = {
    "{} is not a run directory: it has no {}.": "{}は実行結果のフォルダーではありません。{}がありません。",
    "{} is no run and holds none.": "{}は実行結果ではなく、中にもありません。",
    "{} is being written by process {} on {} since {}.": "{0}は、{2}のプロセス{1}が{3}から書き込み中です。",
    "{} was written with run schema {}; this version reads {}.": (
        "{}の形式は版{}です。このloracheckが読むのは版{}です。"
    ),
    "{} holds a {} run; this command reads a {} run.": (
        "{}は{}の実行結果です。このコマンドが読むのは{}の実行結果です。"
    ),
    "{} holds a {} run; a report can be drawn of an eval, a compare, a curate, a train, a sweep or a "
    "scale run.": (
        "{}は{}の実行結果です。レポートにできるのは、eval、compare、curate、train、sweep、"
        "scaleの実行結果です。"
    ),
    "{} is not finished: it ended with an error, was interrupted or is still going on.": (
        "{}は終わっていません。エラーで終わったか、中断されたか、実行中です。"
    ),
    "{} is a file; -o names a directory.": "{}はファイルです。-oにはフォルダーを指定してください。",
    "cannot write {}: {}": "{}に書き込めません: {}",
    "{} is missing; the run cannot be trusted.": "{}がありません。この実行結果は信頼できません。",
    "{} was changed after the run ended; the run cannot be trusted.": (
        "{}が実行の後で変更されています。この実行結果は信頼できません。"
    ),
    "{} leads out of the run's folder; the run cannot be trusted.": (
        "{}は実行結果のフォルダーの外を指しています。この実行結果は信頼できません。"
    ),
    "{} was changed after the run began; the run cannot be trusted.": (
        "{}が実行の開始後に変更されています。この実行結果は信頼できません。"
    ),
    "{}: its verdict was made under another policy than its manifest holds; the run cannot be trusted.": (
        "{}: 判定したときのポリシーが、マニフェストにあるものと違います。この実行結果は信頼できません。"
    ),
    "{} is not what the answers of the run give: it was changed, or made by another version ({}).": (
        "{}は、回答から計算した判定と違います。変更されたか、別の版({})で作られたものです。"
    ),
    "{}: {}; the run cannot be trusted.": "{}: {}。この実行結果は信頼できません。",
    "{} is no name of an arm": "{}は比較対象の名前として使えません",
    "an arm is missing or stands there twice": "比較対象が足りないか、二重にあります",
    "an adapter given with --null is none of its arms": "--nullで指定されたアダプターが、比較対象にありません",
    "it holds answers of {}, which is none of its arms": "比較対象にない{}の回答があります",
    "its probes are not those that it says it asked": "プローブが、尋ねたと記録されているものと違います",
    "its suite {} is not the one that comes with this version": "問題集{}が、この版に同梱のものと違います",
    "the probe {} is not the one that comes with this version": "プローブ{}が、この版に同梱のものと違います",
    "{} gave no answer to the probe {}": "{}はプローブ{}に答えていません",
    "{}, the training data of {}, is none of the files that it read.": (
        "{1}の学習データ、{0}は、この評価が読んだファイルではありません。"
    ),
    "{} is missing or was changed after the merge.": "{}がないか、マージの後で変更されています。",
    "{} holds another {} run, with other inputs or options; nothing was changed.": (
        "{}に、入力かオプションの異なる別の{}の実行結果があります。何も変更していません。"
    ),
    "{} holds a {} run, with other inputs or options; nothing was changed.": (
        "{}に、入力かオプションの異なる{}の実行結果があります。何も変更していません。"
    ),
    "{} holds {}, with other inputs or options; nothing was changed.": (
        "{}に、入力かオプションの異なる実行結果があります({})。何も変更していません。"
    ),
    "{} is a link; a run writes to no place outside its directory.": (
        "{}はリンクです。実行結果を、そのフォルダーの外に書くことはありません。"
    ),
    "{} is not empty and holds no run; nothing was changed.": (
        "{}には実行結果以外のものがあります。何も変更していません。"
    ),
    "{} is not empty; nothing was changed.": "{}は空ではありません。何も変更していません。",
    "{} has no row {}.": "{}に、行{}はありません。",
    "{} did not ask what {} did; what differs: {}.": "{}と{}では、尋ねたことが違います。違い: {}",
    "{}; {}": "{}; {}",
    "the base ({})": "ベース({})",
    "the chat template": "チャットテンプレート",
    "how the base is held ({}, {})": "ベースの持ち方({}と{})",
    "the limit of tokens ({}, {})": "トークン数の上限({}と{})",
    "the limit of tokens in the domain ({}, {})": "領域内のトークン数の上限({}と{})",
    "{} probes only in the first ({})": "一方だけにあるプローブ{}件({})",
    "{} probes only in the second ({})": "他方だけにあるプローブ{}件({})",
    "{} probes with other content ({})": "内容の違うプローブ{}件({})",
    "--after {}: a {} run; only a quick one kept error rate for a second look.": (
        "--after {}: {}の実行結果です。2回目のための誤り率を残しているのは、quickだけです。"
    ),
    "--after {}: it was made under policy {}, whose limits differ from those of {}.": (
        "--after {}: ポリシー{}での実行結果で、{}とは限度が違います。"
    ),
    "--after {}: this run is quick as well; a third look would find no error rate left.": (
        "--after {}: 今回もquickです。3回目に使える誤り率は残りません。"
    ),
    "--after {}: it looked at something else; what differs: {}.": (
        "--after {}: 別のものを評価しています。違い: {}"
    ),
    "{} was made without its training data.": "{}は、学習データなしで評価されています。",
    "{}, the training data of {}, is missing.": "{1}の学習データ、{0}がありません。",
    "{} has changed since {} was made with it.": "{}は、{}での評価の後で変わっています。",
    "{} is given twice; a run cannot be compared with itself.": (
        "{}が二度指定されています。同じ実行結果どうしは比べられません。"
    ),
    "{} in {} is in both arms.": "{1}の{0}が、両方の比較対象に入っています。",
    "it is not clear which adapters to compare: the runs hold {}": (
        "比べるアダプターを決められません。実行結果にあるもの: {}"
    ),
    "{} in {} has the weights of {} in {}; the same training is no second seed.": (
        "{1}の{0}は、{3}の{2}と同じ重みです。同じ学習は、二つ目のシードになりません。"
    ),
    "{} is not the one that was evaluated.": "{}は、評価したものではありません。",
    "there is no such file or run.": "ファイルも実行結果もありません。",
    "the base's answers are missing: adapters are held against them.": (
        "ベースの回答がありません。アダプターは、ベースの回答と比べて評価します。"
    ),
    "{} measured the strengths of another adapter than those of this eval run.": (
        "{}が測ったのは、この評価の実行結果とは別のアダプターの強さです。"
    ),
    "{} is a sweep over {}, this eval run is of {}.": (
        "{}は{}のスイープで、この評価の実行結果は{}のものです。"
    ),
}
