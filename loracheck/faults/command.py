"""Errors of the command line and of its configuration: LC-1nn."""

from __future__ import annotations

from loracheck.faults import Kind
from loracheck.faults.form import Fault, Says

FAULTS: dict[Kind, Fault] = {
    "unknown_command": Fault(
        en=Says(
            title="no such command",
            meaning="loracheck has no command of this name. Nothing was done.",
            causes=("a slip of the pen", "an option stands before the command that it belongs to"),
            mending="Take the name that is proposed, or look at the list of commands.",
        ),
        ja=Says(
            title="コマンドがありません",
            meaning="この名前のコマンドはloracheckにありません。何も実行していません。",
            causes=("入力の誤り", "コマンドのオプションを、コマンド名より前に書いた"),
            mending="候補に出た名前を使うか、コマンドの一覧を見てください。",
        ),
        command="loracheck --help",
    ),
    "unknown_option": Fault(
        en=Says(
            title="no such option",
            meaning="The command has no option of this name. Nothing was done.",
            causes=("a slip of the pen", "the option belongs to another command"),
            mending="Take the name that is proposed, or look at the options of the command.",
        ),
        ja=Says(
            title="オプションがありません",
            meaning="このコマンドに、この名前のオプションはありません。何も実行していません。",
            causes=("入力の誤り", "別のコマンドのオプション"),
            mending="候補に出た名前を使うか、コマンドのオプションの一覧を見てください。",
        ),
        command="loracheck eval --help",
    ),
    "wrong_usage": Fault(
        en=Says(
            title="wrong usage",
            meaning="The command was not given what it takes: an argument is missing or one too many, or "
            "an option's "
            "value is none that it knows. Nothing was done.",
            causes=(
                "a required argument or option was left out",
                "a name with spaces stands without quotation marks",
                "a value is not among the choices, or is no number",
            ),
            mending="The help of each command shows its arguments and an example.",
        ),
        ja=Says(
            title="使い方の誤り",
            meaning="引数の不足や余分な引数があるか、オプションの値が使えません。何も実行していません。",
            causes=(
                "必須の引数やオプションがない",
                "空白を含む名前を引用符で囲んでいない",
                "値が選択肢にない、または数値でない",
            ),
            mending="各コマンドのヘルプに、引数と例があります。",
        ),
        command="loracheck curate --help",
    ),
    "option_missing": Fault(
        en=Says(
            title="an option is missing",
            meaning="What was asked for needs another option, which was not given.",
            causes=("the option was left out", "one option only means something together with another"),
            mending="Add the option that the message names.",
        ),
        ja=Says(
            title="オプションの不足",
            meaning="この指定には、別のオプションも必要です。",
            causes=("必要なオプションを書いていない", "ほかのオプションと組で使うオプションだけを指定した"),
            mending="メッセージにあるオプションを加えてください。",
        ),
    ),
    "option_value": Fault(
        en=Says(
            title="a value out of range",
            meaning="The value of an option or setting lies outside what makes sense for it.",
            causes=(
                "a share was given in percent: write 0.05, not 5",
                "a count of 0 or below",
                "a slip of the pen",
            ),
            mending="Take a value from the range that the message gives.",
        ),
        ja=Says(
            title="値が範囲外です",
            meaning="オプションまたは設定の値が、使える範囲にありません。",
            causes=("割合を百分率で書いた(5ではなく0.05)", "件数が0以下", "入力の誤り"),
            mending="メッセージに示された範囲の値を指定してください。",
        ),
    ),
    "option_form": Fault(
        en=Says(
            title="a value of another form",
            meaning="An option wants its value in a certain form, such as NAME=PATH or numbers with commas.",
            causes=(
                "the name or the equals sign is missing",
                "the shell took a character for its own: quote the value",
                "'base' is the base's own name and none for an adapter",
            ),
            mending="Write the value as the message shows.",
        ),
        ja=Says(
            title="値の形式の誤り",
            meaning="このオプションの値には、NAME=PATHやコンマ区切りの数値など、決まった形式があります。",
            causes=(
                "名前または等号がない",
                "シェルが記号を解釈した(値を引用符で囲む)",
                "「base」はベースの名前なので、アダプターには使えない",
            ),
            mending="メッセージの例の形式で書いてください。",
        ),
        command="loracheck eval --base BASE --adapter mine=./adapter -o runs/eval",
    ),
    "options_conflict": Fault(
        en=Says(
            title="options that exclude one another",
            meaning="Two options cannot be had together, most often because the one takes away what the "
            "other needs.",
            causes=("options of two recipes were mixed", "a preset or file sets the other option"),
            mending="Leave out one of the two that the message names.",
        ),
        ja=Says(
            title="両立しないオプション",
            meaning="同時に使えないオプションがあります。多くは、一方が他方の前提を失わせるためです。",
            causes=("異なる手順のオプションを混ぜた", "プリセットや設定ファイルが他方を指定している"),
            mending="メッセージにある二つのうち、一方を外してください。",
        ),
    ),
    "name_taken": Fault(
        en=Says(
            title="one name for two things",
            meaning="Two adapters, arms, data sets or trainings have the same name or are the same, and "
            "results could "
            "not be told apart.",
            causes=(
                "one line was copied and its name left as it was",
                "the run holds an arm of that name already",
            ),
            mending="Give each a name of its own.",
        ),
        ja=Says(
            title="名前の重複",
            meaning="アダプター、比較対象、データ、学習のいずれかが同じ名前または同じ内容のため、"
            "結果を区別できません。",
            causes=("行を写したときに名前を変えていない", "その名前の回答がすでに実行結果にある"),
            mending="それぞれに別の名前を付けてください。",
        ),
    ),
    "unknown_name": Fault(
        en=Says(
            title="no such name",
            meaning="A check, suite, preset, rubric, rule or format was named that this version does not "
            "have.",
            causes=(
                "a slip of the pen",
                "the name belongs to another version",
                "a file was meant: give its path",
            ),
            mending="Take one of the names that the message lists.",
        ),
        ja=Says(
            title="該当する名前がありません",
            meaning="指定された検査、問題集、プリセット、採点基準、規則または形式は、この版にありません。",
            causes=("入力の誤り", "別の版の名前", "ファイルを指定するつもりだった(パスを書く)"),
            mending="メッセージに挙がった名前から選んでください。",
        ),
        command="loracheck checks\nloracheck probes list",
    ),
    "unknown_arm": Fault(
        en=Says(
            title="no such adapter in the run",
            meaning="The run holds no adapter of the name that was asked for.",
            causes=(
                "a slip of the pen",
                "the run was made with another name for it",
                "another run was meant",
            ),
            mending="Take one of the names that the message lists; they are those given to eval by "
            "--adapter.",
        ),
        ja=Says(
            title="実行結果にないアダプター",
            meaning="指定された名前のアダプターは、この実行結果にありません。",
            causes=("入力の誤り", "別の名前で評価した", "別の実行結果を指定するつもりだった"),
            mending="メッセージに挙がった名前から選んでください。evalの--adapterで付けた名前です。",
        ),
        command="loracheck gate RUN --format json",
    ),
    "no_such_file": Fault(
        en=Says(
            title="no such file",
            meaning="A file or folder that was named is not there. Nothing was written.",
            causes=(
                "a slip of the pen",
                "the path is relative to another folder",
                "the file is not written yet",
            ),
            mending="Check the path; it is taken from the folder in which the command was typed.",
        ),
        ja=Says(
            title="ファイルがありません",
            meaning="指定されたファイルまたはフォルダーがありません。何も書き込んでいません。",
            causes=("入力の誤り", "別のフォルダーからの相対パス", "まだ作られていないファイル"),
            mending="パスを確かめてください。コマンドを実行したフォルダーが基準です。",
        ),
        command="ls -l PATH",
    ),
    "output_exists": Fault(
        en=Says(
            title="the output is there already",
            meaning="Something lies where the output would go. loracheck writes over nothing that it might "
            "not have "
            "made, so it stopped before any work.",
            causes=("the command was run before", "the folder is used for something else"),
            mending="Name another place, or look the old one through and remove it.",
        ),
        ja=Says(
            title="出力先がすでにあります",
            meaning="出力先に何かがあります。自分で作ったと言い切れないものは上書きしないため、"
            "作業前に止まりました。",
            causes=("以前に同じコマンドを実行した", "別の用途のフォルダー"),
            mending="別の場所を指定するか、中身を確かめてから削除してください。",
        ),
    ),
    "nothing_to_do": Fault(
        en=Says(
            title="nothing to do",
            meaning="The command was understood, and there is nothing for it to work on.",
            causes=("no adapter was named", "no adapter of the run is held, so no failure needs a cause"),
            mending="Say what is to be worked on, as the message shows.",
        ),
        ja=Says(
            title="対象がありません",
            meaning="コマンドの内容は正しいものの、処理する対象がありません。",
            causes=("アダプターを指定していない", "出荷不可のアダプターがなく、原因を調べる失敗がない"),
            mending="メッセージに従って対象を指定してください。",
        ),
    ),
    "config_unreadable": Fault(
        en=Says(
            title="a configuration that cannot be read",
            meaning="A configuration or policy file is no YAML, or is no mapping of keys to values.",
            causes=(
                "a tab instead of spaces",
                "a colon without a space after it",
                "a text with : or # without quotes",
            ),
            mending="Mend the line that the message names. loracheck init writes files that are sound.",
        ),
        ja=Says(
            title="設定を読み取れません",
            meaning="設定ファイルまたはポリシーが、YAMLでないか、キーと値の対応になっていません。",
            causes=(
                "空白の代わりにタブがある",
                "コロンの後に空白がない",
                ":や#を含む文字列を引用符で囲んでいない",
            ),
            mending="メッセージにある行を直してください。loracheck initで正しいひな形を作れます。",
        ),
        command="loracheck init mine --base BASE --data train.jsonl",
    ),
    "config_key": Fault(
        en=Says(
            title="an unknown key in the configuration",
            meaning="A key of a configuration or policy file is none that loracheck knows. It is refused "
            "and not "
            "passed over: a limit that is misspelt would otherwise never be held.",
            causes=("a slip of the pen", "the key stands in another group", "the file is of another version"),
            mending="Take the key that is proposed, or one of those listed.",
        ),
        ja=Says(
            title="設定の不明なキー",
            meaning="設定ファイルまたはポリシーに、知らないキーがあります。"
            "限度の書き誤りが見過ごされないよう、"
            "無視せずに止まります。",
            causes=("入力の誤り", "別の項目の下にあるべきキー", "別の版のファイル"),
            mending="候補に出たキーか、挙がっているキーを使ってください。",
        ),
    ),
    "config_value": Fault(
        en=Says(
            title="a configuration that does not hold together",
            meaning="A value in a configuration, pipeline or column map has the wrong type, is missing, or "
            "does not go "
            "with another.",
            causes=("a number or list where a text is wanted, or the reverse", "a required key was left out"),
            mending="Correct the value at the place that the message names.",
        ),
        ja=Says(
            title="設定の値の誤り",
            meaning="設定、パイプラインまたは列の対応表の値が、型違い、不足、またはほかの値との不一致です。",
            causes=("文字列の所に数値や並びを書いた(またはその逆)", "必須のキーがない"),
            mending="メッセージにある箇所の値を直してください。",
        ),
        command="loracheck run pipeline.yaml --dry-run",
    ),
    "policy_value": Fault(
        en=Says(
            title="a policy that does not hold together",
            meaning="A policy has a limit outside its range, two parts that contradict one another, or no check "
            "that it requires. No verdict is made with it.",
            causes=(
                "a share was given in percent",
                "a check's margin was left out",
                "intent and scope contradict",
                "the run is of an older version, whose policy holds no gates",
            ),
            mending="Correct the value; the presets show what a sound policy looks like.",
        ),
        ja=Says(
            title="ポリシーの誤り",
            meaning="ポリシーの限度が範囲外か、互いに矛盾する指定があるか、必須の検査が一つもありません。このままでは判定できません。",
            causes=(
                "割合を百分率で書いた",
                "検査の許容幅がない",
                "intentとscopeが矛盾している",
                "古い版の実行結果で、ポリシーに検査の指定がない",
            ),
            mending="値を直してください。プリセットが手本になります。",
        ),
        command="loracheck checks --policy mine.yaml",
    ),
    "policy_not_for_run": Fault(
        en=Says(
            title="a policy for something else",
            meaning="The policy is pinned to certain probes or a certain base, or speaks of a domain or "
            "tag, that this "
            "run does not have. Its limits were not set for this run.",
            causes=(
                "the probes were changed after the policy was pinned",
                "a slip in the name of a domain or tag",
            ),
            mending="Evaluate what the limits were set for, or set them anew and pin the new hashes.",
        ),
        ja=Says(
            title="別の対象のポリシー",
            meaning="ポリシーが固定しているプローブやベース、または指定している領域やタグが、"
            "この実行結果にありません。"
            "限度はこの実行のために定めたものではありません。",
            causes=("ポリシーの固定後にプローブを変えた", "領域やタグの名前の誤り"),
            mending="限度を定めたときと同じ対象を評価するか、"
            "限度を定め直して新しいハッシュで固定してください。",
        ),
    ),
    "waiver_invalid": Fault(
        en=Says(
            title="a waiver that cannot stand",
            meaning="A waiver in the policy lacks its owner, reason or last day, or waives what is never "
            "waived: that "
            "the adapter is sound and belongs to this base.",
            causes=(
                "a field was left empty",
                "the day is not written as 2027-01-31",
                "the check's name is misspelt",
            ),
            mending="Fill in check, adapter, owner, reason and expires.",
        ),
        ja=Says(
            title="無効な免除",
            meaning="ポリシーの免除に責任者、理由または期限がないか、免除できない検査"
            "(アダプターの健全性とベースの一致)を対象にしています。",
            causes=("空の項目がある", "日付が2027-01-31の形でない", "検査名の誤り"),
            mending="check、adapter、owner、reason、expiresを埋めてください。",
        ),
        command="loracheck checks",
    ),
    "waiver_expired": Fault(
        en=Says(
            title="a waiver that has expired",
            meaning="The last day of a waiver has passed. The verdict is not made until somebody decides.",
            causes=("the adapter was not mended in the time that was given",),
            mending="Mend the adapter and remove the waiver, or let its owner renew it with a new day.",
        ),
        ja=Says(
            title="期限切れの免除",
            meaning="免除の期限が過ぎています。誰かが決めるまで判定しません。",
            causes=("定めた期間内にアダプターを直していない",),
            mending="アダプターを直して免除を外すか、責任者が新しい期限で更新してください。",
        ),
    ),
}
