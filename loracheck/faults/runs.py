"""Errors of run directories: LC-3nn."""

from __future__ import annotations

from loracheck.faults import Kind
from loracheck.faults.form import Fault, Says

FAULTS: dict[Kind, Fault] = {
    "not_a_run": Fault(
        en=Says(
            title="no run directory",
            meaning="The folder holds no run: it has no manifest.json of loracheck.",
            causes=("a slip of the pen", "the folder above or below was meant", "the run was never begun"),
            mending="Name the folder that was given to -o.",
        ),
        ja=Says(
            title="実行結果のフォルダーではありません",
            meaning="このフォルダーに実行結果はありません。loracheckのmanifest.jsonがありません。",
            causes=("入力の誤り", "上か下のフォルダーを指定した", "実行していない"),
            mending="-oで指定したフォルダーを指定してください。",
        ),
        command="ls */manifest.json",
    ),
    "run_in_use": Fault(
        en=Says(
            title="a run in use",
            meaning="Another process is writing this run. Two writers would spoil it, so this one stopped.",
            causes=("the command was started twice", "a process on another machine holds a shared folder"),
            mending="Wait for the other one, or end it. If it is gone for good, remove the lock that the "
            "message names.",
        ),
        ja=Says(
            title="使用中の実行結果",
            meaning="別のプロセスがこの実行結果を書いています。二重に書くと壊れるため、止まりました。",
            causes=("コマンドを二度始めた", "共有フォルダーを別のマシンのプロセスが使っている"),
            mending="他方の終了を待つか、終わらせてください。もう存在しないなら、"
            "メッセージにあるロックを削除してください。",
        ),
    ),
    "run_version": Fault(
        en=Says(
            title="a run of another version",
            meaning="The run was written in a form that this version of loracheck does not read.",
            causes=("loracheck was updated or set back since",),
            mending="Make the run again, or use the version that wrote it.",
        ),
        ja=Says(
            title="別の版の実行結果",
            meaning="この版のloracheckが読めない形式で書かれた実行結果です。",
            causes=("その後でloracheckを更新した、または古い版に戻した",),
            mending="もう一度実行するか、書いたときの版を使ってください。",
        ),
        command="loracheck --version",
    ),
    "run_kind": Fault(
        en=Says(
            title="a run of another kind",
            meaning="The command reads one kind of run, such as an eval run, and was given another.",
            causes=("two paths were confused",),
            mending="Name a run of the kind that the message asks for.",
        ),
        ja=Says(
            title="別の種類の実行結果",
            meaning="このコマンドは特定の種類の実行結果(evalなど)を読みますが、別の種類が指定されました。",
            causes=("パスの取り違え",),
            mending="メッセージにある種類の実行結果を指定してください。",
        ),
    ),
    "run_unfinished": Fault(
        en=Says(
            title="a run that is not finished",
            meaning="The run was begun and did not end, so nothing may be concluded from it.",
            causes=("it was interrupted", "it ended with an error", "it is still going on"),
            mending="Run its command again: it goes on where it stopped.",
        ),
        ja=Says(
            title="終わっていない実行",
            meaning="始まったまま終わっていないため、何も結論できません。",
            causes=("中断された", "エラーで終わった", "まだ実行中"),
            mending="同じコマンドをもう一度実行すると、止まった所から続きます。",
        ),
    ),
    "run_altered": Fault(
        en=Says(
            title="a run that was changed",
            meaning="A file of the run is missing, or is not what was written: its hash differs; or the answers "
            "do not give the verdict that stands beside them. Nothing is concluded or shown of it.",
            causes=(
                "a file was edited, converted or removed",
                "a copy was cut off",
                "another version of loracheck, which judged otherwise, made the run",
                "a fault of the disk",
            ),
            mending="Restore the file, or make the run again in a new directory. Answers of another version are judged "
            "by this one in a new run: loracheck score RUN -o RUN-judged",
        ),
        ja=Says(
            title="変更された実行結果",
            meaning="実行結果のファイルがないか、書いたときとハッシュが違います。または、保存された判定が回答と合いません。"
            "これを元に判定も表示もしません。",
            causes=(
                "ファイルの編集、変換または削除",
                "途中で切れたコピー",
                "判定のしかたが違う版のloracheckで作られた",
                "ディスクの故障",
            ),
            mending="ファイルを元に戻すか、新しいフォルダーでもう一度実行してください。別の版で作られた回答は、"
            "この版で判定し直せます: loracheck score RUN -o RUN-judged",
        ),
    ),
    "run_of_other_inputs": Fault(
        en=Says(
            title="the folder holds another run",
            meaning="The folder holds a run with other inputs or options. A run is never overwritten: "
            "results of two "
            "commands in one folder could not be told apart.",
            causes=("an option or the data was changed since", "the name of the folder was used before"),
            mending="Name another folder with -o, or remove the old one.",
        ),
        ja=Says(
            title="別の実行結果があります",
            meaning="フォルダーに、入力かオプションの異なる実行結果があります。"
            "結果が混ざらないよう、上書きはしません。",
            causes=("その後でオプションかデータを変えた", "以前に使ったフォルダー名"),
            mending="-oで別のフォルダーを指定するか、古いものを削除してください。",
        ),
    ),
    "foreign_folder": Fault(
        en=Says(
            title="the folder is not ours to write to",
            meaning="-o names a file, or a folder that holds something else than a run, or a run with links in it. "
            "Nothing was changed.",
            causes=("the folder of the project or of the data was named",),
            mending="Name a new or empty folder with -o.",
        ),
        ja=Says(
            title="書き込めないフォルダー",
            meaning="-oの指定がファイルか、実行結果以外のものやリンクがあるフォルダーです。何も変更していません。",
            causes=("プロジェクトやデータのフォルダーを指定した",),
            mending="-oで新しいフォルダーか空のフォルダーを指定してください。",
        ),
    ),
    "unknown_row": Fault(
        en=Says(
            title="no such row in the run",
            meaning="The run read no row of this id or place.",
            causes=(
                "the row stands in another file",
                "several files were read: their ids begin with 1., 2., ...",
            ),
            mending="Name an id, such as 17 or 2.17, or a file and line, such as data.jsonl:17.",
        ),
        ja=Says(
            title="実行結果にない行",
            meaning="このIDまたは位置の行は、実行結果にありません。",
            causes=("別のファイルの行", "複数のファイルを読んだ(IDは1.、2.などで始まる)"),
            mending="17や2.17のようなIDか、data.jsonl:17のようなファイルと行を指定してください。",
        ),
        command="loracheck curate explain data.jsonl:17 --run runs/curated",
    ),
    "bad_record": Fault(
        en=Says(
            title="a file of loracheck that cannot be read",
            meaning="A file that loracheck writes does not hold what it should at the place that is named.",
            causes=("it was edited by hand", "it was written by another version", "the disk was full"),
            mending="Restore the file, or make the run again in a new directory.",
        ),
        ja=Says(
            title="loracheckのファイルを読み取れません",
            meaning="loracheckが書くファイルの、示された箇所の内容が正しくありません。",
            causes=("手で編集した", "別の版が書いた", "ディスクが一杯だった"),
            mending="ファイルを元に戻すか、新しいフォルダーでもう一度実行してください。",
        ),
    ),
    "runs_differ": Fault(
        en=Says(
            title="runs that cannot be compared",
            meaning="The runs did not ask the same probes of the same base, so a difference between them "
            "would say "
            "nothing about the adapters.",
            causes=("other suites, tier, data or held-out rows", "another base or chat template"),
            mending="Evaluate every adapter with the same --base, suites, --data and --in-domain.",
        ),
        ja=Says(
            title="比較できない実行結果",
            meaning="同じベースに同じプローブを出していないため、差があってもアダプターの差とは言えません。",
            causes=("問題集、規模、データ、取り置き行の違い", "ベースやチャットテンプレートの違い"),
            mending="--base、問題集、--data、--in-domainを揃えて、すべてのアダプターを評価してください。",
        ),
    ),
    "second_look": Fault(
        en=Says(
            title="no second look at that run",
            meaning="--after names a run that this one cannot follow. Looking again until it fits would "
            "raise the error "
            "rate, so a second look has strict rules.",
            causes=(
                "the first look was no quick one",
                "policy, base or adapters differ",
                "both looks are quick",
            ),
            mending="Name the quick run of the same adapters under the same policy, or leave --after out.",
        ),
        ja=Says(
            title="続けられない実行結果",
            meaning="--afterの実行結果には、この実行を続けられません。合うまで見直すと誤り率が上がるため、"
            "2回目には厳しい決まりがあります。",
            causes=("1回目がquickでない", "ポリシー、ベースまたはアダプターが違う", "2回ともquick"),
            mending="同じポリシーで同じアダプターを評価したquickの実行結果を指定するか、"
            "--afterを外してください。",
        ),
    ),
    "training_data_lost": Fault(
        en=Says(
            title="the training data is not at hand",
            meaning="The rows that the adapter was trained on are not known, are gone, or have changed "
            "since the eval "
            "run, so failures cannot be traced to them.",
            causes=("eval was run without --data", "the file was moved or edited"),
            mending="Name the data that the adapter was trained on.",
        ),
        ja=Says(
            title="学習データが手元にありません",
            meaning="アダプターの学習に使った行が、不明か、ないか、評価の後で変わったため、"
            "失敗の原因をたどれません。",
            causes=("--dataなしで評価した", "ファイルを移動または編集した"),
            mending="アダプターの学習に使ったデータを指定してください。",
        ),
        command="loracheck causes runs/eval --data train.jsonl -o runs/causes",
    ),
    "arms_unclear": Fault(
        en=Says(
            title="which adapters to compare?",
            meaning="The runs hold more adapters than two arms, and nothing says which belong to which.",
            causes=("several seeds have names of their own", "the runs hold different adapters"),
            mending="Name both arms; a pattern takes every adapter that fits, in any run, as one seed.",
        ),
        ja=Says(
            title="比較対象が決まりません",
            meaning="実行結果のアダプターが二つより多く、どれをどちらの比較対象とするか決められません。",
            causes=("シードごとに名前が違う", "実行結果ごとにアダプターが違う"),
            mending="両方の比較対象を指定してください。パターンに合うアダプターが、"
            "それぞれ一つのシードとして数えられます。",
        ),
        command="loracheck compare runs/a runs/b --first 'raw*' --second 'curated*'",
    ),
    "same_training": Fault(
        en=Says(
            title="one training counted twice",
            meaning="Two adapters of one arm have the same weights. Counted as two seeds they would make "
            "the noise look "
            "smaller than it is.",
            causes=("a run was copied", "--seed was left the same"),
            mending="Leave one of them out, or train with another --seed.",
        ),
        ja=Says(
            title="同じ学習の重複",
            meaning="同じ比較対象の二つのアダプターの重みが同一です。二つのシードと数えると、"
            "ばらつきが実際より小さく見えます。",
            causes=("実行結果を写した", "--seedを変えていない"),
            mending="一方を外すか、別の--seedで学習してください。",
        ),
        command="loracheck train runs/curated --base BASE --seed 1 -o runs/train-seed1",
    ),
}
