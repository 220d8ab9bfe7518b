"""What went wrong with a command, its options, its configuration or a policy, in Japanese."""

from __future__ import annotations

COMMAND: dict[str, str] = {
    "{}: {}": "{}: {}",
    "there is no such file.": "ファイルがありません。",
    "there is no such folder.": "フォルダーがありません。",
    "there is no such directory.": "フォルダーがありません。",
    "no such file; the presets are {}.": "ファイルがありません。プリセットは{}です。",
    "there is a file already.": "ファイルがすでにあります。",
    "{} is there already; nothing was changed.": "{}はすでにあります。何も変更していません。",
    "there is no folder {}.": "フォルダー{}がありません。",
    "there are {}.": "使えるのは{}です。",
    "there is no encoding {}.": "{}という文字コードはありません。",
    "there is no check {}.": "{}という検査はありません。",
    "there is no error {}.": "{}というエラーはありません。",
    "there is no export format {}.": "{}という書き出しの形式はありません。",
    "there is no rule {}.": "{}という規則はありません。",
    "there is no rubric {}.": "{}という採点基準はありません。",
    "neither a bundled suite nor a file.": "同梱の問題集でも、ファイルでもありません。",
    "NAME=VALUE is wanted.": "NAME=VALUEの形で指定してください。",
    "NAME=PATH is wanted.": "NAME=PATHの形で指定してください。",
    "NAME=FILE is wanted.": "NAME=FILEの形で指定してください。",
    "KEY=A,B,... is wanted.": "KEY=A,B,...の形で指定してください。",
    "KEY=A,B,... or a YAML file is wanted.": "KEY=A,B,...の形か、YAMLファイルを指定してください。",
    "a share from 0 to 1 is wanted.": "0から1の割合を指定してください。",
    "a type is wanted.": "形式を指定してください。",
    "numbers with commas are wanted, as 0,1,2.": "0,1,2のように、数値をコンマで区切ってください。",
    "numbers with commas are wanted.": "数値をコンマで区切ってください。",
    "numbers from 0 to 1 are wanted, not none.": "0から1の数値を、一つ以上指定してください。",
    "numbers from 0 to 1 are wanted, not {}.": "0から1の数値を指定してください。{}は使えません。",
    "a number above 0 and up to 1, or safe, is wanted.": "0より大きく1以下の数値か、safeを指定してください。",
    "a name of letters, digits, - and _ is wanted, other than 'base'.": (
        "名前には、英数字と-と_だけを使ってください。'base'は使えません。"
    ),
    "{} is a share from 0 to 1, not {}.": "{}には、0から1の割合を指定してください。{}は使えません。",
    "{} is a share from 0 to below 1, not {}.": (
        "{}には、0以上1未満の割合を指定してください。{}は使えません。"
    ),
    "{} must be above 0, not {}.": "{}は0より大きくしてください。{}は使えません。",
    "{} must be at least {}, not {}.": "{}は{}以上にしてください。{}は使えません。",
    "{} must be at least 16 tokens, not {}.": "{}は16トークン以上にしてください。{}は使えません。",
    "{} must be from 0 to 2, not {}.": "{}は0から2までにしてください。{}は使えません。",
    "{} must lie between 0 and 1, not {}.": "{}は0と1の間にしてください。{}は使えません。",
    "{} lies between 0 and 1, not {}.": "{}は0と1の間にしてください。{}は使えません。",
    "--nats-spread is 0 or more.": "--nats-spreadは0以上にしてください。",
    "{} is one of {}, not {}.": "{}は{}のいずれかです。{}は使えません。",
    "--rows {}: from 1 to {} canaries can be made.": "--rows {}: 作れるカナリアは、1件から{}件までです。",
    "this names a run directory, which holds the page as report.html.": (
        "実行結果のフォルダーを指定してください。ページは、その中のreport.htmlになります。"
    ),
    "-o is missing.": "-oを指定してください。",
    "--{} is missing.": "--{}を指定してください。",
    "{} is missing.": "{}がありません。",
    "--causes looks for training rows, and none are given.": (
        "--causesは学習データの行を探しますが、学習データが指定されていません。"
    ),
    "--{} says how a server is asked, and none is given.": (
        "--{}はサーバーへの尋ね方ですが、サーバーが指定されていません。"
    ),
    "judge options are given, but no judge.": (
        "審査のオプションがありますが、審査モデルが指定されていません。"
    ),
    "--from-eval-action is given, but no causes run.": (
        "--from-eval-actionがありますが、causesの実行結果が指定されていません。"
    ),
    "--stop-when-unsafe needs readings of what is safe.": (
        "--stop-when-unsafeには、安全かどうかの計測が必要です。"
    ),
    "--keep safe needs readings of what is safe.": "--keep safeには、安全かどうかの計測が必要です。",
    "--replay-share needs replay rows.": "--replay-shareには、リプレイ行が必要です。",
    "allow_loss names no rule {}.": "allow_lossに、{}という規則はありません。",
    "--base {} holds no weights.": "--base {}に重みがありません。",
    "--probe trains a few steps, and {} holds no weights.": (
        "--probeは数ステップを実際に学習しますが、{}に重みがありません。"
    ),
    "{} needs held-out rows.": "{}には、取り置き行が必要です。",
    "--replay needs a base.": "--replayには、ベースが必要です。",
    "--exercises needs a curate run and a generator.": (
        "--exercisesには、curateの実行結果と生成モデルが必要です。"
    ),
    "select: give one of {}, not {} and {}.": (
        "select: 指定できるのは{}のどれか一つです。{}と{}は併用できません。"
    ),
    "select: give one of {}, not {}.": "select: 指定できるのは{}のどれか一つです。{}は併用できません。",
    "two adapters have the same name.": "二つのアダプターが同じ名前です。",
    "two arms have the same name.": "二つの比較対象が同じ名前です。",
    "two trainings are the same.": "同じ学習が二つあります。",
    "two data sets have the same name.": "二つのデータが同じ名前です。",
    "an adapter under judgement has that name.": "評価するアダプターに、同じ名前があります。",
    "another arm has that name.": "別の比較対象に、同じ名前があります。",
    "the run has an arm of this name already.": "実行結果に、同じ名前の比較対象がすでにあります。",
    "--adapter {}: {} has {}.": "--adapter {}: {}にあるのは{}です。",
    "--adapter {}: the eval run has {}.": "--adapter {}: 評価の実行結果にあるのは{}です。",
    "{}: no adapter of these runs has such a name.": (
        "{}: これらの実行結果に、その名前のアダプターはありません。"
    ),
    "{} (left out): no adapter of these runs has such a name.": (
        "{}(指定なし): これらの実行結果に、その名前のアダプターはありません。"
    ),
    "no adapter of this eval run is held, so nothing is to be explained.": (
        "この評価に出荷不可のアダプターはないため、説明することはありません。"
    ),
    "no adapter to evaluate.": "評価するアダプターがありません。",
    "nothing is asked for.": "作るものが指定されていません。",
    "--init-lora-weights loftq makes up for the error of a 4-bit base.": (
        "--init-lora-weights loftqは、4ビットのベースの誤差を補うものです。"
    ),
    "--init-lora-weights pissa takes the base's largest singular directions out of its weights, which {} "
    "does not allow.": (
        "--init-lora-weights pissaはベースの重みから最大の特異方向を取り出しますが、{}ではできません。"
    ),
    "--use-dora and --init-lora-weights {} exclude one another.": (
        "--use-doraと--init-lora-weights {}は両立しません。"
    ),
    "--peft-type {} cannot be trained on a quantised base: peft has no {} layer for it.": (
        "--peft-type {}は、量子化したベースでは学習できません。peftに{}の層がないためです。"
    ),
    "--use-dora cannot be trained on an int8 base: peft cannot read the lengths of its weights.": (
        "--use-doraは、int8のベースでは学習できません。重みの長さをpeftが読めないためです。"
    ),
    "{} is for --peft-type lora, not for {}.": "{}は--peft-type lora用です。{}には使えません。",
    "--fsdp and --deepspeed divide a model over GPUs, and there is none here: every process would hold all of it.": (
        "--fsdpと--deepspeedはモデルを複数のGPUに分けるものですが、ここにはGPUがなく、どのプロセスもモデル全体を持つ"
        "ことになります。"
    ),
    "{} cannot be had with --fsdp or --deepspeed: the model is in parts.": (
        "{}は、--fsdpや--deepspeedと併用できません。モデルが分割されるためです。"
    ),
    "{}: greedy answers are the same under every seed.": "{}: 貪欲法の回答は、どのシードでも同じです。",
    "--difference {}: no more than the items that differ at all can be lost or won, and --discordant is "
    "{}.": ("--difference {}: 正誤の増減は、答えの分かれる問題の数を超えません。--discordantは{}です。"),
    "--method names none.": "--methodに、方法が一つもありません。",
    "--method: none can be taken for {} ({}).": "--method: {}に使える方法がありません({})。",
    "unknown option {}.": "不明なオプション{}があります。",
    "runs is a list of mappings of options.": "runsには、オプションと値の組を並べてください。",
    "{} wants a list of values, not {}.": "{}には、値を並べてください。{}は使えません。",
    "{} names nothing.": "{}に何も指定されていません。",
    "{} names something twice.": "{}に同じものが二度あります。",
    "{}.seed is set by seeds.": "{}.seedは、seedsで決まります。",
    "a mapping of keys is wanted, not {}.": "キーと値の組を書いてください。{}は使えません。",
    "a whole number is wanted, not {}.": "整数を書いてください。{}は使えません。",
    "a number is wanted, not {}.": "数値を書いてください。{}は使えません。",
    "true or false is wanted, not {}.": "trueかfalseを書いてください。{}は使えません。",
    "a list is wanted, not {}.": "値を並べてください。{}は使えません。",
    "a date is wanted, not {}.": "日付を書いてください。{}は使えません。",
    "another value is wanted, not {}.": "{}は使えません。",
    "one of {} is wanted, not {}.": "{}のいずれかを書いてください。{}は使えません。",
    "a whole number": "整数",
    "a number": "数値",
    "text": "文字列",
    "true or false": "真偽値",
    "a list": "リスト",
    "a mapping of keys": "キーと値の組",
    "a date": "日付",
    "nothing": "空の値",
    "{}, line {}": "{}の{}行目",
    "{} stands in line {} already": "{}は{}行目にもあります",
    "broken YAML: {}": "YAMLの形式が正しくありません: {}",
    "broken YAML in line {}, column {}: {}": "{}行{}列で、YAMLの形式が正しくありません: {}",
    "policy {}: gates.{}.mode is required, info or off, not {}.": "ポリシー{}: gates.{}.modeはrequired、info、"
    "offのいずれかです({}は使えません)。",
    "policy {}: gates.{}.{} is a number, not {}.": "ポリシー{}: gates.{}.{}は数値です({}は使えません)。",
    "unknown key {}.": "不明なキー{}があります。",
    "{} is a group of keys, not {}.": "{}はキーのまとまりです。{}は使えません。",
    "{} is no field of loracheck.": "{}はloracheckの項目ではありません。",
    "rubric {}: lowest and highest are digits, the first the smaller.": (
        "採点基準{}: lowestとhighestは1桁の数字にし、lowestを小さくしてください。"
    ),
    "--report-to {} needs a package that is not installed.": "--report-to {}に必要なパッケージがありません。",
    "policy {}: {}": "ポリシー{}: {}",
    "policy {}, line {}: {}": "ポリシー{}、{}行目: {}",
    "policy: {} holds keys and values, not {}.": (
        "ポリシー: {}には、キーと値を書いてください。{}は使えません。"
    ),
    "keys and values are wanted.": "キーと値を書いてください。",
    "waivers is a list of keys and values.": "waiversには、キーと値の組を並べてください。",
    "alpha {} is no error control; it is at most 0.2.": (
        "alpha {}では誤りを抑えられません。0.2以下にしてください。"
    ),
    "domain says what knowledge may change; that needs intent: domain.": (
        "domainは、変わってよい知識を定めます。intent: domainが必要です。"
    ),
    "intent: format and format.form (json, list or line) go together.": (
        "intent: formatとformat.form(json、list、line)は、両方を指定してください。"
    ),
    "intent: none wants no style, persona.scope: always wants it everywhere.": (
        "intent: noneは口調を望まず、persona.scope: alwaysは口調を常に望みます。両立しません。"
    ),
    "forbidden_strings holds an empty one; every answer would hold it.": (
        "forbidden_stringsに空の文字列があります。どの回答にも含まれてしまいます。"
    ),
    "pinned.{} is 8 to 64 hexadecimal digits, not {}.": (
        "pinned.{}は、8桁から64桁の16進数です。{}は使えません。"
    ),
    "waiver {} lacks {}.": "免除{}に、{}がありません。",
    "waiver {} ({} for {}): {}": "免除{}({}、アダプター{}): {}",
    "{} is empty.": "{}が空です。",
    "whether the adapter is sound and this base's own is never waived.": (
        "アダプターが健全で、このベースのものかどうかは、免除できません。"
    ),
    "there is no such check.": "その検査はありません。",
    "expires is a day such as 2027-01-31, not {}.": "expiresは、2027-01-31のような日付です。{}は使えません。",
    "policy {}: the waiver of {} for {}, owned by {}, expired on {}.": (
        "ポリシー{}: {}の免除(アダプター{}、責任者{})は、{}で期限が切れました。"
    ),
    "policy {} requires no check, so every adapter would ship.": (
        "ポリシー{}に必須の検査がなく、どのアダプターも出荷可になってしまいます。"
    ),
    "policy {} is pinned to something else than this run; {}.": (
        "ポリシー{}は、この実行とは別のものに固定されています。{}。"
    ),
    "{}: pinned {}, here {}": "{}は{}に固定、今回は{}",
    "{}: pinned {}, here none": "{}は{}に固定、今回はなし",
    "{}: pinned {}, here {}; {}": "{}は{}に固定、今回は{}。{}",
    "{}: no probe of this run has {}.": "{}: この実行のプローブに、{}のものはありません。",
}
