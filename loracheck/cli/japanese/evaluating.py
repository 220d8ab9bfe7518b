"""The help of `eval`, `gate`, `score`, `causes`, `compare`, `checks` and `power`, in Japanese."""

from __future__ import annotations

HELP: dict[str, str] = {
    "Ask base and adapters the same questions and judge the answers.": (
        "ベースとアダプターに同じ質問をし、回答を判定します。"
    ),
    "The exit code is that of the worst adapter's verdict. Adapters given with --null decide nothing: they "
    "tell how many false alarms the policy's limits give. A quick run spends a fifth of the error rate, so "
    "that a second look with --after may spend the rest; without --after a run spends it all, and nothing "
    "can tell that it is a second look. Before anything is asked, the run says how many tokens and minutes "
    "it takes; --dry-run ends there.": (
        "終了コードは、最も悪いアダプターの判定のものです。--nullで指定したアダプターは判定に加わらず、ポリシ"
        "ーの限度で誤報が何回出るかを示します。quickの実行は誤り率の5分の1だけを使うため、--afterによる2回目"
        "で残りを使えます。--afterがなければ誤り率をすべて使いますが、それが2回目であることは知りようがありま"
        "せん。質問を始める前に、必要なトークン数と分数を示します。--dry-runはそこで終わります。"
    ),
    "Base model: hub id, folder or GGUF file; with --endpoint its name there.": (
        "ベースモデル。ハブのID、フォルダー、GGUFファイルのいずれか。--endpointがあれば、そこでの名前。"
    ),
    "A PEFT adapter, a train run, a merged model's folder or a GGUF file; with --endpoint a model's name "
    "there. Give it once per adapter.": (
        "PEFTアダプター、trainの実行結果、マージ済みモデルのフォルダー、GGUFファイルのいずれか。--endpointが"
        "あれば、そこでのモデル名。アダプターごとに一度指定する。"
    ),
    "OpenAI-compatible server: base and adapters are models there.": (
        "OpenAI互換のサーバー。ベースとアダプターは、そこにあるモデル。"
    ),
    "Environment variable that holds the server's key.": "サーバーのキーを入れた環境変数。",
    "Requests to the server at once.": "サーバーに同時に送る要求の数。",
    "The base's, for servers that give likelihoods by echo alone: folder or hub id.": (
        "ベースのトークナイザー。echoでしか尤度を返さないサーバー用。フォルダーまたはハブのID。"
    ),
    "An arm whose answers stand in a file: rows of id and text, or a batch output; base is a name, too.": (
        "回答をファイルから読む比較対象。idとtextの行、またはバッチの出力。baseという名前も使える。"
    ),
    "The training data, if known: curate runs or data files.": (
        "学習データ(分かる場合)。curateの実行結果またはデータファイル。"
    ),
    "Held-out rows of the same domain.": "同じ領域の、評価用に取り置いた行。",
    "default, persona, strict, or a YAML file.": "default、persona、strict、またはYAMLファイル。",
    "Bundled suite, such as facts-ja, or lm-eval:TASK of lm-evaluation-harness.": (
        "facts-jaなどの同梱の問題集、またはlm-evaluation-harnessのlm-eval:TASK。"
    ),
    "Your own probes, or a public set in its own format.": (
        "自分のプローブ、または公開されている問題集(元の形式のまま)。"
    ),
    "How much is asked; a quick look can hold but never ship.": (
        "出題の規模。quickでは出荷不可にはなるが、出荷可にはならない。"
    ),
    "Questions asked of each suite of facts.": "事実を問う問題集ごとの質問の数。",
    "Facts in other words, of each suite.": "問題集ごとの、言い方を変えた質問の数。",
    "Open prompts, of each suite.": "問題集ごとの、自由回答の質問の数。",
    "Paragraphs scored, of each suite.": "問題集ごとの、尤度を測る文章の数。",
    "Held-out prompts of the domain.": "領域内の取り置きプロンプトの数。",
    "Tokens of an answer to a held-out prompt of the domain.": (
        "領域内の取り置きプロンプトに対する回答のトークン数。"
    ),
    "Jinja file that replaces every template.": "すべてのテンプレートの代わりに使うJinjaファイル。",
    "Vouch that the adapters were trained on this base.": (
        "アダプターがこのベースで学習されたことを保証する。"
    ),
    "Manifest of the canaries in the training data; see loracheck canaries.": (
        "学習データにあるカナリアのマニフェスト。loracheck canariesを参照。"
    ),
    "An adapter trained to do no harm: shows how many false alarms the limits give.": (
        "無害になるように学習したアダプター。限度で誤報が何回出るかを示す。"
    ),
    "A quick run of the same adapters; this is the second look after it.": (
        "同じアダプターのquickの実行結果。今回はその2回目になる。"
    ),
    "Answer open prompts again at this temperature.": "自由回答の質問に、この温度でもう一度答えさせる。",
    "How many such answers to each.": "その回答を質問ごとに何回求めるか。",
    "Where an adapter is held, find the training rows behind its failures, and write them here.": (
        "アダプターが出荷不可なら、失敗の原因となった学習データの行を探し、ここに書く。"
    ),
    "Ask the base anew; keep no answers for other runs.": (
        "ベースに改めて質問し、回答をほかの実行のために保存しない。"
    ),
    "Seed of the draw of rows.": "行の抽選のシード。",
    "Exit 0 whatever the verdict is.": "判定によらず、終了コードを0にする。",
    "Print the result as JSON.": "結果をJSONで表示する。",
    "Recompute the verdict from the raw answers; the exit code is the verdict.": (
        "生の回答から判定を計算し直します。終了コードが判定です。"
    ),
    "github prints annotations and appends Markdown to the summary of the step; junit is for test servers, "
    "markdown for a comment (cut at what GitHub takes), sarif for code scanning, model-card for a "
    "README.md.": (
        "githubは注釈を表示し、ステップの要約にMarkdownを書き足します。junitはテストサーバー、markdownはコメ"
        "ント(GitHubの上限で切ります)、sarifはコードスキャン、model-cardはREADME.mdのためのものです。"
    ),
    "Another policy than the run's own: default, persona, strict, or a YAML file.": (
        "実行結果とは別のポリシー。default、persona、strict、またはYAMLファイル。"
    ),
    "Adapter to judge.": "判定するアダプター。",
    "What to print.": "表示する形式。",
    "The same as --format json.": "--format jsonと同じ。",
    "Judge answers that are there already; no model is loaded.": (
        "すでにある回答を判定します。モデルは読み込みません。"
    ),
    "SOURCE is a file of probes, answered elsewhere, or a finished eval run, whose answers are then scored "
    "again with this version's checks; --completions adds arms to it. Writes an eval run with verdict and "
    "report, as eval does. Text alone has no likelihoods: checks that need them stay open.": (
        "SOURCEは、別の場所で回答したプローブのファイルか、終わった評価の実行結果です。実行結果なら、その回答をこ"
        "の版の検査で測り直し、--completionsで比較対象を加えられます。評価と同じように、判定とレポートのある"
        "実行結果を書きます。文章だけでは尤度が分からないため、尤度の要る検査は保留になります。"
    ),
    "Answers of one arm; 'base' is the base. Rows of id and text, an eval run's completions.jsonl, or the "
    "output of an OpenAI batch.": (
        "一つの比較対象の回答。「base」はベースを指す。idとtextの行、評価の実行結果のcompletions.jsonl、また"
        "はOpenAIのバッチの出力。"
    ),
    "What the base is called in the report.": "レポートでのベースの名前。",
    "Vouch that the arms were made of this base.": "比較対象がこのベースから作られたことを保証する。",
    "Find the training rows behind the failures of an eval run.": (
        "評価での失敗の原因となった、学習データの行を探します。"
    ),
    "For every failure behind a held verdict all training rows are ranked: by what the answer says that "
    "neither the question nor the base's answer does, by the base's hidden states, and by the gradient of "
    "the adapter's weights. A group of rows is named only when it stands out among the failures as it does "
    "not among other answers. The eval run stays as it is. What it names is opened only where its hash is "
    "known: the base has to be given.": (
        "出荷不可の原因となった失敗ごとに、学習データのすべての行を順位付けします。使うのは、質問にもベースの"
        "回答にもなくその回答だけにある語、ベースの隠れ状態、アダプターの重みの勾配の三つです。行のグループの"
        "名を挙げるのは、ほかの回答では目立たず、失敗で目立つときだけです。評価の実行結果は変えません。"
        "そこに名前のあるファイルは、ハッシュが分かるものだけを開きます。ベースは指定が必要です。"
    ),
    "The training rows: curate runs or data files.": "学習データ。curateの実行結果またはデータファイル。",
    "The base; without it rows are compared by overlap alone.": (
        "ベース。指定しないと、行は文字の重なりだけで比べます。"
    ),
    "Whose failures.": "失敗を調べるアダプター。",
    "Of overlap, embedding and gradient; overlap alone needs no model.": (
        "overlap、embedding、gradientから選ぶ。overlapだけならモデルは不要。"
    ),
    "Failures looked at of each finding, the worst first.": (
        "検査結果ごとに調べる失敗の数。悪いものから順に調べる。"
    ),
    "Rows kept for each failure.": "失敗ごとに残す行数。",
    "Numbers that a gradient is projected to.": "勾配を射影する次元の数。",
    "Seed of projection and random splits.": "射影と無作為な分割のシード。",
    "Compare eval runs of the same probes and base: curated against raw over seeds, or one adapter on two "
    "days.": (
        "同じプローブとベースを使った評価どうしを比べます。複数のシードでの精選データと生データの比較や、日を変えた同じ"
        "アダプターの比較に使います。"
    ),
    "A difference of two arms is held against the noise of items and of seeds: train each arm with several "
    '--seed, evaluate them, and give all runs. With one seed an arm, every difference is labelled "noise '
    'unknown". Two runs of the same adapter show which verdicts, rules, settings and examples changed. '
    "Says which arm to prefer and why, or that the evidence cannot tell. With -o all of it stands in a "
    "page, with every answer side by side. Loads no model.": (
        "二つの比較対象の差を、問題とシードによるばらつきに照らします。それぞれを複数の--seedで学習して評価し、"
        "すべての実行結果を渡してください。シードが一つずつでは、どの差も「シードのばらつきは不明」になります。同じアダ"
        "プターの二つの実行結果なら、変わった判定、規則、設定、例を示します。どちらを選ぶべきかとその理"
        "由、または証拠から決められないことを伝えます。-oを付けると、すべての回答を並べた一つのページになりま"
        "す。モデルは読み込みません。"
    ),
    "Adapters of the first arm; a pattern such as 'raw*' takes each that fits, in any run, as one seed, "
    "and 'FOLDER/NAME' only those of the run in that folder.": (
        "第一の比較対象のアダプター。「raw*」のようなパターンは、どの実行結果でも、合うものをそれぞれ一つのシードと"
        "して数える。「FOLDER/NAME」は、そのフォルダーの実行結果のものだけを指す。"
    ),
    "Adapters of the second arm.": "第二の比較対象のアダプター。",
    "Run directory to write compare.json and report.html to.  [default: none]": (
        "compare.jsonとreport.htmlを書くフォルダー。  [既定値: なし]"
    ),
    "Language the page opens in.": "ページを開いたときの言語。",
    "Print the comparison as JSON.": "比較をJSONで表示する。",
    "Say how a check works: what it asks, decides by, costs, may be set off by and does not see.": (
        "検査の仕組みを示します。何を尋ね、何で決め、どれだけ計算し、何が誤報の原因になり、何を検出できないか。"
    ),
    "Without CHECK, list them all with the limits of the policy.": (
        "CHECKを省くと、すべての検査をポリシーの限度とともに並べます。"
    ),
    "Whose limits: a preset or a YAML file.": "限度を示すポリシー。プリセットまたはYAMLファイル。",
    "Say how many probes each limit needs, before anything is run.": (
        "実行する前に、限度ごとに必要なプローブの数を示します。"
    ),
    "For a good adapter, as the options describe it: the items for a power of 80, 90 and 98%, what the "
    "bundled suites give, and the chance that all required checks pass together. Loads no model.": (
        "オプションで表した良いアダプターについて、検出力80、90、98%に必要なプローブの数、同梱の問題集の数、必須"
        "の検査がすべて合格する確率を示します。モデルは読み込みません。"
    ),
    "Share of questions that the base gets right.": "ベースが正しく答える質問の割合。",
    "Share of items on which base and adapter differ, either way.": (
        "ベースとアダプターの結果が異なる問題の割合。向きは問わない。"
    ),
    "True difference of a good adapter; -0.01 is a point worse.": (
        "良いアダプターの真の差。-0.01なら1ポイント悪い。"
    ),
    "True share of something bad.": "悪いことが起こる真の割合。",
    "Held-out prompts of the domain that you have.": "手元にある、領域内の取り置きプロンプトの数。",
    "How alike probes of one family come out, 0 to 1.": "同じ系統のプローブの結果がどれだけ似るか(0から1)。",
    "Standard deviation over texts of what an adapter changes, in nats.": (
        "アダプターによる変化の、文章間での標準偏差(ナット)。"
    ),
    "Bundled suite, such as facts-ja.": "同梱の問題集(例: facts-ja)。",
    "How much is asked; quick is the first of two looks, spends a fifth of alpha and ships nothing.": (
        "出題の規模。quickは2回のうちの1回目で、alphaの5分の1を使い、出荷可にはならない。"
    ),
    "Print the forecast as JSON.": "予測をJSONで表示する。",
}
