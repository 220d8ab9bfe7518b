"""The help of the other verbs and of loracheck itself, in Japanese."""

from __future__ import annotations

HELP: dict[str, str] = {
    "Write the HTML report of a finished run again, or an index page over a folder of runs.": (
        "終わった実行のHTMLレポートを書き直します。フォルダーを指定すると、その中の実行結果の一覧ページを書き"
        "ます。"
    ),
    "The verdicts of eval runs are computed again first: one that the answers do not give is refused.": (
        "評価の実行結果では、先に判定を計算し直します。回答と合わない判定は受け付けません。"
    ),
    "Curate, train, causes, scale and sweep runs to show beside an eval run; strengths and sweeps are "
    "drawn on its picture of facts kept against persona learnt.": (
        "評価の結果と並べて示す、精選、学習、原因、強さ、スイープの実行結果。強さとスイープは、残った事実と習"
        "得したペルソナの図に描く。"
    ),
    "Print the path as JSON.": "パスをJSONで表示する。",
    "Run the whole loop on the embedded persona data and model.": (
        "同梱のペルソナのデータとモデルで、全工程を行います。"
    ),
    "Exits 0 when it is through, whatever the verdicts are.": (
        "判定によらず、最後まで進めば終了コードは0です。"
    ),
    "Folder for the runs.": "実行結果を置くフォルダー。",
    "Which of the two bundled personas.": "同梱の二つのペルソナのどちらか。",
    "Seed of the split and of both trainings.": "分割と両方の学習のシード。",
    "Tokens with loss in each training.": "それぞれの学習で損失をかけるトークン数。",
    "Factual questions asked of every arm.": "すべての比較対象に出す、事実を問う質問の数。",
    "Another base than the embedded Gemma 3 270M.": "内蔵のGemma 3 270M以外のベース。",
    "Only write model and data into this folder, to try commands on.": (
        "モデルとデータをこのフォルダーに書くだけにする。コマンドを試すときに使う。"
    ),
    "Test this very installation: make a ruined and a harmless adapter, and see that the first is held.": (
        "壊れたアダプターと無害なアダプターを作り、前者が出荷不可になることを、この環境で確かめます。"
    ),
    "On the embedded model, in Japanese and in English, within minutes. Exits 0 only if each ruined "
    "adapter is held for leakage and for damage to content, and no harmless one is held; else 1, with a "
    "table of what came out.": (
        "内蔵モデルを使い、日本語と英語で、数分かかります。壊れたアダプターがどれも、漏れと内容の損傷によって"
        "出荷不可になり、無害なアダプターが一つも出荷不可にならないときだけ、終了コードは0です。そうでなけれ"
        "ば1で、結果の表を示します。"
    ),
    "In which language the adapters are made and asked.": "アダプターを作り、質問する言語。",
    "Seed of the choice of rows and of the trainings.": "行の選択と学習のシード。",
    "Print the expectations as JSON.": "期待と結果をJSONで表示する。",
    "Check the machine, and on request a server, a base and an adapter; say the command that mends each "
    "fault.": (
        "実行環境を調べ、指定があればサーバー、ベース、アダプターも調べて、問題ごとに直すコマンドを示します。"
    ),
    "Without options it looks at packages, GPU, memory, disk and fonts, and loads nothing heavy. Exits 4 "
    "only where something is missing that is needed; what merely limits is a note.": (
        "オプションがなければ、パッケージ、GPU、メモリー、ディスク、フォントを調べます。重いものは読み込みま"
        "せん。終了コードが4になるのは、必要なものが足りないときだけです。制限があるだけなら、注意にとどめま"
        "す。"
    ),
    "Server to ask what it serves and what it lacks.": "何を提供し、何が足りないかを尋ねるサーバー。",
    "Model on it to try.": "そのサーバーで試すモデル。",
    "Base whose tokenizer and template to look at: hub id, folder or GGUF file.": (
        "トークナイザーとテンプレートを調べるベース。ハブのID、フォルダー、GGUFファイルのいずれか。"
    ),
    "Adapter to look at, and to hold against --base.": "調べるアダプター。--baseとも照らし合わせる。",
    "Print all of it for a bug report, secrets removed.": "不具合の報告用に、秘密を除いてすべてを表示する。",
    "Check the form of training rows, probes, policies, pipelines and options; load no model.": (
        "学習データの行、プローブ、ポリシー、パイプライン、設定の形式を調べます。モデルは読み込みません。"
    ),
    "Every row is read by the reader that `curate` and `train` use; a problem names file, line and field. "
    "Exits 2 where there is one. Made for a pre-commit hook. What a pipeline names elsewhere, its base and "
    "data, is not looked for.": (
        "`curate`と`train`が使うのと同じ方法で、すべての行を読みます。問題があれば、ファイル、行、項目を示"
        "し、終了コードは2です。pre-commitフックで使えます。パイプラインが指すベースやデータは探しません。"
    ),
    "What the files are.": "ファイルの種類。",
    "Print what was found as JSON.": "見つかったものをJSONで表示する。",
    "Name only files with problems.": "問題のあるファイルだけを示す。",
    "Say what an error means, what usually causes it and how to mend it; without ID, list them all.": (
        "エラーの意味、よくある原因、対処を示します。IDがなければ、すべてを一覧にします。"
    ),
    "ID is what an error prints, such as LC-202.": "IDは、LC-202のようにエラーに表示されるものです。",
    "What to print; markdown is the whole catalogue.": "表示する形式。markdownは全エラーの一覧。",
    "Make canary rows to mix into training data, and the manifest that eval needs to look for them.": (
        "学習データに混ぜるカナリアの行と、評価でそれを探すためのマニフェストを作ります。"
    ),
    "A canary is a row with a random number that can be known from nowhere else. The manifest is written "
    "beside the rows, as OUT with the ending .manifest.json; it is not to be trained on.": (
        "カナリアは、ほかのどこからも知りえない乱数を含む行です。マニフェストは、OUTの末尾を.manifest.jsonに"
        "変えた名前で、行のファイルの隣に書きます。これは学習に使わないでください。"
    ),
    "JSONL file of rows to write.": "行を書くJSONLファイル。",
    "Canaries; of each eight, five stand in one row, two in 4 and one in 16.": (
        "カナリアの数。8個のうち5個は1行、2個は4行、1個は16行に現れる。"
    ),
    "Language of the rows.": "行の言語。",
    "Seed of names, secrets and order.": "名前、秘密、並び順のシード。",
    "Print what was written as JSON.": "書いたものをJSONで表示する。",
    "List the bundled suites: how many probes, what a tier asks of them, and the hash of each file.": (
        "同梱の問題集を一覧にします。プローブの数、規模ごとの出題数、ファイルのハッシュを示します。"
    ),
    "Results are comparable where version and hashes are the same; an eval run keeps them in its "
    "context.json, and a policy can pin them.": (
        "版とハッシュが同じなら、結果を比べられます。評価の実行結果はこれらをcontext.jsonに残し、ポリシーで固"
        "定することもできます。"
    ),
    "Print the suites as JSON.": "問題集をJSONで表示する。",
    "Show some probes of a suite or file, or the scores in a file of lm-evaluation-harness.": (
        "問題集やファイルのプローブをいくつか示します。lm-evaluation-harnessのファイルなら、スコアを示します。"
    ),
    "SUITE is a bundled suite, a file of probes, a public set, or a results_*.json or samples_*.jsonl that "
    "lm_eval wrote; its scores inform and decide nothing.": (
        "SUITEは、同梱の問題集、プローブのファイル、公開されている問題集、またはlm_evalが書いたresults_*.jsonか"
        "samples_*.jsonlです。そのスコアは参考で、判定には使いません。"
    ),
    "Probes to show, drawn evenly.": "示すプローブの数。均等に選ぶ。",
    "Show harmful requests in full, too.": "有害な依頼も全文を示す。",
    "Print the probes, or the scores, as JSON.": "プローブまたはスコアをJSONで表示する。",
    "Check a file of probes before it is asked: form, duplicates, choices, overlap with training data.": (
        "出題する前に、プローブのファイルを調べます。形式、重複、選択肢、学習データとの重なりを見ます。"
    ),
    "Exits 2 where something spoils what would be measured, 0 where there is at most something to look at.": (
        "測定を損なうものがあれば終了コードは2、気を付けるものだけなら0です。"
    ),
    "Training data that the probes must not overlap with: files or curate runs.": (
        "プローブと重なってはならない学習データ。ファイルまたはcurateの実行結果。"
    ),
    "Make held-out probes of your own domain: draw rows, keep them out, write the others to train on.": (
        "自分の領域のプローブを作ります。行を抽選で取り置き、残りを学習用に書きます。"
    ),
    "Rows that ask nearly what a drawn row asks go into neither file. Train on the rest, and give the "
    "probes to eval with --probes: they are asked as prompts of the domain.": (
        "取り置いた行とほぼ同じことを尋ねる行は、どちらのファイルにも入れません。残りで学習し、プローブは評価で"
        "--probesに渡してください。同じ領域の質問として出題します。"
    ),
    "File of probes to write.": "プローブを書くファイル。",
    "File of the rows left to train on.": "学習用に残した行のファイル。",
    "Rows to hold out.": "取り置く行数。",
    "Seed of the draw.": "抽選のシード。",
    "Decide whether a LoRA fine-tune may go to production: curate, train, evaluate, report.": (
        "LoRAによる微調整を本番に出してよいかを判定します。精選、学習、評価、レポートまで。"
    ),
    "Show the version and exit.": "版を表示して終わる。",
    "Language of what is printed.": "表示する言語。",
    "Show the traceback of every error.": "すべてのエラーでトレースバックを表示する。",
    "Exit codes: 0 ship or done, 1 hold, 2 input error, 3 inconclusive, 4 environment, 70 internal error.": (
        "終了コード: 0 出荷可または完了、1 出荷不可、2 入力の誤り、3 判定保留、4 実行環境の不足、70 内部エラ"
        "ー。"
    ),
}
