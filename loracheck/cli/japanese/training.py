"""The help of `train`, `plan`, `scale`, `init`, `run`, `merge` and `inspect`, in Japanese."""

from __future__ import annotations

HELP: dict[str, str] = {
    "Fine-tune a base on a curate run or on any data file.": (
        "curateの実行結果、または任意のデータファイルで、ベースを微調整します。"
    ),
    "--dry-run says what each training takes, as `plan` does, and ends there.": (
        "--dry-runは、`plan`と同じように学習ごとに必要な量を示すだけで終わります。"
    ),
    "Base model: hub id, folder or GGUF file.": (
        "ベースモデル。ハブのID、フォルダー、GGUFファイルのいずれか。"
    ),
    "Held-out rows; rows that ask the same are not trained on.": (
        "評価用に取り置いた行。同じ質問の行は学習に使わない。"
    ),
    "Rows to mix in against forgetting, see `curate synthesize`.": (
        "忘却を防ぐために混ぜる行。`curate synthesize`を参照。"
    ),
    "Jinja file that replaces the base's template.": "ベースのテンプレートの代わりに使うJinjaファイル。",
    "Train once for each value; several make a grid. A YAML file will do, too: a list for each key, or a list of "
    "runs under `runs`.": (
        "値ごとに一度ずつ学習する。複数指定すると、すべての組み合わせになる。YAMLファイルでもよく、キーごとの値の"
        "リストか、`runs`の下に学習の一覧を書く。"
    ),
    "Train once for each seed.": "シードごとに一度ずつ学習する。",
    "Options of a known recipe.": "既知の手順の設定。",
    "YAML file of options.": "設定のYAMLファイル。",
    "How the base is held.": "ベースの重みを保持する形式。",
    "Kind of adapter.": "アダプターの種類。",
    "Rank.": "ランク。",
    "Scale.": "スケーリング係数(alpha)。",
    "Dropout before the adapter.": "アダプターの手前のドロップアウト。",
    "all-linear, or names with commas.": "all-linear、またはコンマ区切りの層の名前。",
    "Weight-decomposed LoRA.": "重みを方向と大きさに分けるLoRA(DoRA)。",
    "Scale by alpha / sqrt(rank).": "alpha / sqrt(ランク)を倍率にする。",
    "How the adapter begins; loftq for a 4-bit base.": "アダプターの初期値。loftqは4ビットのベース用。",
    "LoRA+: learning rate of B over that of A, as 16.": "LoRA+。Aの学習率に対するBの学習率の比(例: 16)。",
    "Of the adapter's weights; float32 resumes exactly.": (
        "アダプターの重みの型。float32なら、正確に再開できる。"
    ),
    "Peak rate.": "最大の学習率。",
    "How the rate falls.": "学習率の下げ方。",
    "Share of the steps with a rising rate.": "学習率を上げていくステップの割合。",
    "Passes over the data.": "データを繰り返す回数。",
    "Tokens with loss in the whole run, instead of epochs.": (
        "エポック数の代わりに指定する、学習全体で損失をかけるトークン数。"
    ),
    "Rows of a step, over all devices.": "1ステップの行数。全デバイスの合計。",
    "Tokens at once on a device; a larger step is taken in parts.": (
        "一度に一つのデバイスに載せるトークン数。超えるステップは分けて計算する。"
    ),
    "Longest row in tokens.": "行の最大トークン数。",
    "Clipping of the gradient.": "勾配クリッピングの上限。",
    "Of AdamW.": "AdamWの重み減衰。",
    "Less memory for about a third more time.": "時間を3分の1ほど増やして、メモリーを減らす。",
    "Loss on every assistant turn, not on the last reply only.": (
        "最後の応答だけでなく、アシスタントのすべての発話に損失をかける。"
    ),
    "Lay rows end to end without padding.": "パディングを使わず、行を連結して並べる。",
    "Share of replay rows in an epoch.": "1エポックに占めるリプレイ行の割合。",
    "NEFTune: noise on the embeddings, as 5.": "NEFTune。埋め込みに加えるノイズの大きさ(例: 5)。",
    "Steps between readings.": "計測の間隔(ステップ)。",
    "Readings without a better held-out loss before the run stops.": (
        "取り置き行の損失が改善しない計測がこの回数続いたら、学習を終える。"
    ),
    "Ask out-of-domain questions at every reading; keep the last safe checkpoint.": (
        "計測のたびに領域外の質問をし、安全だった最後のチェックポイントを残す。"
    ),
    "End the run at the first unsafe reading (with --watch).": (
        "安全でなくなった最初の計測で学習を終える(--watchと使う)。"
    ),
    "Where the style of the data is wanted.": "学習データの口調を、どこで望むか。",
    "Factual questions of the watch, per language.": "監視で尋ねる、事実を問う質問の数(言語ごと)。",
    "Share of facts that may be lost.": "失ってもよい事実の割合。",
    "Share of facts answered with the persona's name.": "事実を問う質問に、ペルソナの名前で答えてよい割合。",
    "Share of open answers in the data's style.": "自由回答で、学習データの口調が出てよい割合。",
    "Checkpoint that becomes the adapter.": "アダプターにするチェックポイント。",
    "Steps between checkpoints.": "チェックポイントの間隔(ステップ)。",
    "Checkpoints to resume from.": "再開用に残すチェックポイントの数。",
    "Tracker: tensorboard, mlflow or wandb.": "記録先(tensorboard、mlflow、wandb)。",
    "FSDP options, as transformers takes them.": "FSDPのオプション。書き方はtransformersと同じ。",
    "FSDP configuration file.": "FSDPの設定ファイル。",
    "DeepSpeed configuration file.": "DeepSpeedの設定ファイル。",
    "Seed of order and adapter.": "並び順とアダプターのシード。",
    "Say what a training will take: parameters, adapter, memory, tokens, time and price.": (
        "学習に必要なものを示します。パラメーター数、アダプターの大きさ、メモリー、トークン数、時間、料金で"
        "す。"
    ),
    "Takes the options of `train`. Of a base on the hub the configuration alone is fetched, nothing is "
    "written, and without --probe no weight is read.": (
        "`train`のオプションを使えます。ハブにあるベースは設定だけを取得し、何も書き込みません。--probeがなけ"
        "れば、重みも読みません。"
    ),
    "Base model: hub id, folder, one with config.json only, or GGUF; several are set side by side.": (
        "ベースモデル。ハブのID、フォルダー(config.jsonだけでもよい)、GGUFファイルのいずれか。複数指定すると並べて示す。"
    ),
    "Rows to mix in against forgetting.": "忘却を防ぐために混ぜる行。",
    "Run a few real steps, and correct memory and time by them.": (
        "実際に数ステップを動かし、メモリーと時間の見積もりを直す。"
    ),
    "Price of the machine, in any currency.": "1時間あたりのマシンの料金。通貨は問わない。",
    "Also other ranks and target modules.": "ほかのランクと対象モジュールも示す。",
    "Print the plan as JSON.": "計画をJSONで表示する。",
    "Measure an adapter at several strengths, without retraining, and save a weaker one.": (
        "学習し直さずに、いくつかの強さでアダプターを測り、弱めたものを保存します。"
    ),
    "ADAPTER is a PEFT folder of any trainer (LoRA, DoRA, LoHa or LoKr) or a loracheck train run. At every "
    "strength it says how well the persona is learnt, how many facts are kept and how far the style leaks; "
    "the largest safe strength is the largest one up to which nothing is unsafe.": (
        "ADAPTERは、PEFTのフォルダー(LoRA、DoRA、LoHa、LoKr。学習に使ったツールは問いません)か、loracheck train"
        "の実行結果です。強さごとに、ペルソナをどれだけ習得したか、事実がどれだけ残ったか、口調がどれだけ漏れ"
        "るかを示します。「安全な最大の強さ」とは、そこまでのどの強さでも安全でなくなることのない、最大の強さ"
        "です。"
    ),
    "Its training rows or a curate run, by which the style is found.": (
        "学習に使った行、またはcurateの実行結果。口調を見つけるために使う。"
    ),
    "Held-out rows of the domain.": "同じ領域の、評価用に取り置いた行。",
    "From 0, the base, to 1, the whole adapter.": "0(ベース)から1(アダプター全体)まで。",
    "Jinja file that replaces the adapter's template.": (
        "アダプターのテンプレートの代わりに使うJinjaファイル。"
    ),
    "Factual questions per language.": "事実を問う質問の数(言語ごと)。",
    "Save the adapter at this strength, or at the largest safe one, in the run's adapter folder.": (
        "この強さ、または安全な最大の強さのアダプターを、実行結果のadapterフォルダーに保存する。"
    ),
    "Seed of the choice of questions.": "質問を選ぶシード。",
    "Write a commented pipeline.yaml and policy.yaml for your own data into FOLDER.": (
        "自分のデータのためのpipeline.yamlとpolicy.yamlを、説明付きでFOLDERに書きます。"
    ),
    "On a terminal it asks for what is not given.": "端末では、指定されていないものを尋ねます。",
    "Training data: files, folders or hub ids.": "学習データ。ファイル、フォルダー、ハブのIDのいずれか。",
    "What the training is meant to change.": "学習で何を変えるつもりか。",
    "Of the reports and of the comments in the files.": "レポートと、ファイルのコメントの言語。",
    "Print the paths as JSON.": "パスをJSONで表示する。",
    "Curate, train on raw and curated data, evaluate and report, as a file says.": (
        "精選、生データと精選データによる学習、評価、レポートを、ファイルに書かれたとおりに行います。"
    ),
    "It resumes where it stopped, does again only what changed, and exits with the worst verdict.": (
        "止まったところから再開し、変わった部分だけをやり直します。終了コードは、最も悪い判定のものです。"
    ),
    "Print the steps and how far each is; do nothing.": "手順と、それぞれの進み具合を示す。何も実行しない。",
    "Exit 0 whatever the verdicts are.": "判定によらず、終了コードを0にする。",
    "Print the verdicts as JSON.": "判定をJSONで表示する。",
    "Merge an adapter into its base and measure how far what ships is from what was trained.": (
        "アダプターをベースにマージし、出荷する形が、学習した形とどれだけ違うかを測ります。"
    ),
    "Writes an ordinary model folder with tokenizer, chat template, stop tokens and a card. LoRA, DoRA, "
    "rsLoRA, LoHa and LoKr. The form that was trained (say, a 4-bit base with the adapter) and the folder, "
    "loaded again, then answer the same probes: a mean divergence above 0.05 nats a token is warned of.": (
        "トークナイザー、チャットテンプレート、停止トークン、モデルカードの付いた、普通のモデルフォルダーを書"
        "きます。LoRA、DoRA、rsLoRA、LoHa、LoKrに対応します。学習した形(例えば、4ビットのベースとアダプター)"
        "と、読み直したフォルダーに同じプローブを出し、1トークンあたりの平均のずれが0.05ナットを超えると警告しま"
        "す。"
    ),
    "16-bit or 32-bit base: hub id, folder or GGUF file.": (
        "16ビットか32ビットのベース。ハブのID、フォルダー、GGUFファイルのいずれか。"
    ),
    "Folder to write; new or empty.": "書き込むフォルダー。新しいものか、空のもの。",
    "Of the merged weights.": "マージした重みの型。",
    "Merge into the base's own weights, or into the 4-bit or 8-bit values of the training, held in 16 bits.": (
        "マージ先。ベース本来の重みか、学習時の4ビットまたは8ビットの値を16ビットで表したものか。"
    ),
    "How the base was held in training.": "学習時にベースを保持していた形式。",
    "Write a GGUF file, too: q8_0, q4_k_m, ... (needs llama.cpp).": (
        "GGUFファイルも書く。q8_0、q4_k_mなど(llama.cppが必要)。"
    ),
    "Eval run whose verdict on this adapter goes into the card.": (
        "評価の実行結果。このアダプターへの判定をモデルカードに載せる。"
    ),
    "Questions compared, per language.": "比べる質問の数(言語ごと)。",
    "Rows whose prompts are compared as well.": "その質問も比べる行のファイル。",
    "Longest compared answer.": "比べる回答の最大トークン数。",
    "Seed of the draw of probes and of the intervals.": "プローブの抽選と区間のシード。",
    "Print shipped_form.json.": "shipped_form.jsonを表示する。",
    "Say what an adapter is made of, without loading it or trusting it.": (
        "アダプターを読み込まず、信用もせずに、何でできているかを示します。"
    ),
    "ADAPTER is a PEFT folder of any trainer, a loracheck train run, or a .safetensors file, those that "
    "kohya's scripts and LyCORIS write for image models included. Says its kind, ranks, norms and "
    "spectrum, which programs load it, what its trainer left beside it and, with --base, which directions "
    "the base does not have.": (
        "ADAPTERは、PEFTのフォルダー(学習に使ったツールは問いません)、loracheck trainの実行結果、または"
        ".safetensorsファイルです。kohyaのスクリプトやLyCORISが画像モデル用に書くものも読めます。種類、ラン"
        "ク、ノルム、スペクトル、読み込めるプログラム、学習ツールが残したものを示します。--baseがあれば、ベー"
        "スにない方向も示します。"
    ),
    "Base to look for intruder directions against: hub id, folder or GGUF file.": (
        "侵入方向を探すときに比べるベース。ハブのID、フォルダー、GGUFファイルのいずれか。"
    ),
    "Modules in which intruders are looked for; a larger adapter is sampled evenly.": (
        "侵入方向を探すモジュールの数。大きなアダプターからは均等に選ぶ。"
    ),
    "Print everything as JSON, every module included.": "モジュールごとの値も含め、すべてをJSONで表示する。",
}
