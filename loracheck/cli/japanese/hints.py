"""What mends an error, in Japanese: the hints that are the same at each time, and those with {} for what differs."""

from __future__ import annotations

HINTS: dict[str, str] = {
    "Is the file whole?": "ファイルが途中で切れていないか、確かめてください。",
    "Leave the encoding out, and it is found out; or give another.": (
        "文字コードの指定を外すと、自動で判別します。別の文字コードも指定できます。"
    ),
    "It is the .manifest.json that loracheck canaries writes beside the rows.": (
        "loracheck canariesが行のファイルの隣に書く、.manifest.jsonを指定してください。"
    ),
    "Name them with --data.": "--dataで指定してください。",
    "Name the folder that was given to -o; a run that ended with an error at once leaves none.": (
        "-oで指定したフォルダーを指定してください。すぐにエラーで終わった実行の結果は残りません。"
    ),
    "Add --endpoint http://localhost:8000/v1": "--endpoint http://localhost:8000/v1を加えてください。",
    "Please report it, with what `loracheck --debug ...` prints.": (
        "`loracheck --debug ...`の出力を添えて、報告してください。"
    ),
    "Name another one, or remove it.": "別の名前を指定するか、削除してください。",
    "For instance --completions mine=mine.jsonl": "例: --completions mine=mine.jsonl",
    "Free space there, or point LORACHECK_CACHE at another folder.": (
        "そこに空きを作るか、LORACHECK_CACHEで別のフォルダーを指定してください。"
    ),
    "Free about 0.6 GB there, or point LORACHECK_CACHE at another disk.": (
        "そこに0.6 GBほどの空きを作るか、LORACHECK_CACHEで別のディスクを指定してください。"
    ),
    "Update it (pip install 'transformers>=5.23'), or pass the model's original safetensors folder with --base.": (
        "更新するか(pip install 'transformers>=5.23')、元のsafetensorsのフォルダーを--baseで渡してください。"
    ),
    "Download the model's original safetensors folder and pass that with --base.": (
        "元のsafetensorsのフォルダーをダウンロードし、--baseで指定してください。"
    ),
    "Write it as http://localhost:8000/v1": "http://localhost:8000/v1のように書いてください。",
    "Write it as https://host/v1 and put the key into the environment variable of the key.": (
        "https://host/v1のように書き、キーはキー用の環境変数に入れてください。"
    ),
    "Copy the key again, without line breaks or quotation marks.": (
        "改行や引用符が入らないように、キーを写し直してください。"
    ),
    "Look up the model's name on the server; the address usually ends in /v1.": (
        "サーバーでのモデル名を確かめてください。アドレスは、ふつう/v1で終わります。"
    ),
    "Start the server, or correct the address; what was answered before is kept.": (
        "サーバーを起動するか、アドレスを直してください。それまでの回答は残っています。"
    ),
    "What was answered is kept: the same command asks for the rest.": (
        "得られた回答は残っています。同じコマンドを実行すると、残りだけを尋ねます。"
    ),
    "Name the arm as the file does.": "ファイルにあるとおりの名前で指定してください。",
    "Answer these, too: what is left out would count for nobody. No verdict was made.": (
        "これらにも回答を付けてください。抜けた回答は、どの比較対象にも数えられません。判定はしていません。"
    ),
    "Leave one of the two out.": "どちらか一方を外してください。",
    "Leave out --temperature.": "--temperatureを外してください。",
    "Accept its terms on the hub, then: hf auth login": (
        "ハブで条件に同意してから、hf auth loginを実行してください。"
    ),
    "Check the name, the revision and, for a private one: hf auth login": (
        "名前とリビジョンを確かめてください。非公開なら、hf auth loginを実行してください。"
    ),
    "Go online, or download the dataset elsewhere and pass its folder.": (
        "ネットワークに接続するか、別の場所でダウンロードしたデータセットのフォルダーを指定してください。"
    ),
    'Each instruction has two tags: "instruction:<id>" and "arguments:<JSON object>".': (
        "指示ごとに、「instruction:<id>」と「arguments:<JSON object>」の二つのタグが必要です。"
    ),
    "They are those of the public IFEval and M-IFEval files.": (
        "公開されているIFEvalとM-IFEvalのファイルにあるものを使えます。"
    ),
    "Mend the file there; rows of a broken array cannot be told apart. Nothing was written.": (
        "その箇所を直してください。壊れた配列では、行の区切りが分かりません。何も書き込んでいません。"
    ),
    "Put the model's .safetensors files there; `loracheck plan` needs none.": (
        "モデルの.safetensorsファイルをそこに置いてください。`loracheck plan`だけなら要りません。"
    ),
    "Merge again into a new folder.": "新しいフォルダーに、もう一度マージしてください。",
    "Each line should be one JSON object.": "1行に1つのJSONオブジェクトを書いてください。",
    "Check the name, the network and your access to gated models (hf auth login), or pass a local folder.": (
        "名前とネットワークを確かめ、承認制のモデルならログイン(hf auth login)してください。手元のフォルダー"
        "も指定できます。"
    ),
    "Take a machine with a GPU or with AVX-512, or add --quantization nf4 where the command has it.": (
        "GPUかAVX-512のあるマシンを使うか、コマンドに--quantizationがあればnf4を加えてください。"
    ),
    "Save the base with save_pretrained(path, safe_serialization=True) and pass that folder.": (
        "save_pretrained(path, safe_serialization=True)でベースを保存し、そのフォルダーを指定してください。"
    ),
    "Pass a Hugging Face id, a folder with config.json, or a .gguf file.": (
        "Hugging FaceのID、config.jsonのあるフォルダー、または.ggufファイルを指定してください。"
    ),
    "Pass the folder that peft saved, or a loracheck train run.": (
        "peftが保存したフォルダーか、loracheck trainの実行結果を指定してください。"
    ),
    "Save it again with model.save_pretrained(path, safe_serialization=True).": (
        "model.save_pretrained(path, safe_serialization=True)で保存し直してください。"
    ),
    "Drop --chat-template, or pass the one it was trained with.": (
        "--chat-templateを外すか、学習時のものを指定してください。"
    ),
    "Pass the base it was trained on; its name may stand in adapter_config.json.": (
        "学習に使ったベースを指定してください。adapter_config.jsonに名前があるかもしれません。"
    ),
    "loracheck init writes one.": "loracheck initで作れます。",
    "Remove it, and list seeds.": "それを削除し、seedsに並べてください。",
    "Read are results_*.json and samples_*.jsonl, as `lm_eval --output_path DIR --log_samples` writes them.": (
        "`lm_eval --output_path DIR --log_samples`が書く、results_*.jsonとsamples_*.jsonlを読めます。"
    ),
    "Tasks of multiple_choice become probes; for others, run lm_eval and show its results with `loracheck "
    "probes show results.json`.": (
        "プローブにできるのはmultiple_choiceのタスクです。ほかはlm_evalで実行し、`loracheck probes show "
        "results.json`で結果を表示してください。"
    ),
    "`lm_eval ls tasks` lists them; a file of a task is named by its path, ending in .yaml.": (
        "`lm_eval ls tasks`で一覧を表示できます。タスクのファイルは、.yamlで終わるパスで指定します。"
    ),
    "Its data come from the Hugging Face hub, or from a file that the task names.": (
        "データは、Hugging Faceのハブか、タスクが指すファイルから読みます。"
    ),
    "Draw a part of it.": "一部を抜き出してください。",
    "Rename one of the files, or give the rows ids of their own.": (
        "一方のファイル名を変えるか、行ごとに別のIDを付けてください。"
    ),
    "Is a quotation mark missing?": "引用符が抜けていないか、確かめてください。",
    "No text packs so well. Unpack it yourself if you trust it.": (
        "これほど縮む文章はありません。信頼できるファイルなら、先に展開してください。"
    ),
    "No text packs so well. Write it anew without compression if you trust it.": (
        "これほど縮む文章はありません。信頼できるファイルなら、圧縮せずに書き直してください。"
    ),
    "Unpack it first.": "先に展開してください。",
    "Rename one of the columns.": "一方の列名を変えてください。",
    "Read are JSONL, JSON arrays, CSV, TSV, Parquet, Arrow and dataset folders, also packed.": (
        "JSONL、JSON配列、CSV、TSV、Parquet、Arrow、データセットのフォルダーを読めます。圧縮されていてもかま"
        "いません。"
    ),
    "Choose another directory with -o.": "-oで別のフォルダーを指定してください。",
    "Free disk space or choose another folder with -o; the same command then resumes.": (
        "ディスクの空きを作るか、-oで別のフォルダーを指定してください。同じコマンドで再開できます。"
    ),
    "Make the run again.": "もう一度実行してください。",
    "Restore the file, or make the run again in a new directory.": (
        "ファイルを元に戻すか、新しいフォルダーでもう一度実行してください。"
    ),
    "Remove the link, or choose another directory with -o.": (
        "リンクを除くか、-oで別のフォルダーを指定してください。"
    ),
    "Choose an empty or a new directory with -o.": "-oで新しいフォルダーか空のフォルダーを指定してください。",
    "Write the data to a file first.": "先にデータをファイルに書いてください。",
    "Is the folder whole?": "フォルダーに足りないファイルがないか、確かめてください。",
    "Remove it, or name another folder.": "削除するか、別のフォルダーを指定してください。",
    "Evaluate them one by one, or pass one template for all with --chat-template FILE.": (
        "一つずつ評価するか、--chat-template FILEで共通のテンプレートを指定してください。"
    ),
    "Leave out --assistant-only-loss, or pass another template with --chat-template.": (
        "--assistant-only-lossを外すか、--chat-templateで別のテンプレートを指定してください。"
    ),
    "Pass another template with --chat-template.": "--chat-templateで別のテンプレートを指定してください。",
    "Name one with --judge, or judge.model in the file.": (
        "--judge、またはファイルのjudge.modelで指定してください。"
    ),
    "Name one with --from-eval RUN.": "--from-eval RUNで指定してください。",
    "Name an id, such as 17, or a file and line: data.jsonl:17": (
        "17のようなIDか、data.jsonl:17のようにファイルと行を指定してください。"
    ),
    "Take a stronger judge; or lower judge.min_canaries, if your rubric means it so.": (
        "より強い審査モデルを使ってください。採点基準の意図どおりなら、judge.min_canariesを下げられます。"
    ),
    "Mend the judge and run the same command again: the scores it gave are kept.": (
        "審査モデルを直して、同じコマンドをもう一度実行してください。付いた点は残っています。"
    ),
    "run again with --workers 1": "--workers 1を付けて、もう一度実行してください。",
    "Curate with --base or with two rows at least.": "--baseを付けて精選するか、2行以上にしてください。",
    "Mend it and run the same command again: what was written is kept.": (
        "それを直して、同じコマンドをもう一度実行してください。書かれた分は残っています。"
    ),
    "Say --replay N, or --exercises N with --run.": (
        "--replay N、または--runとともに--exercises Nを指定してください。"
    ),
    "Name it with --base.": "--baseで指定してください。",
    "Give --run runs/curated --generator MODEL --generator-endpoint URL.": (
        "--run runs/curated --generator MODEL --generator-endpoint URLを指定してください。"
    ),
    "Give them room with --max-new-tokens, or name another base.": (
        "--max-new-tokensで長さに余裕を持たせるか、別のベースを指定してください。"
    ),
    "Take all-linear, or names of its linear layers such as q_proj,v_proj.": (
        "all-linear、またはq_proj,v_projのような線形層の名前を指定してください。"
    ),
    "Pass the folder that peft saved, a loracheck train run, or one .safetensors file.": (
        "peftが保存したフォルダー、loracheck trainの実行結果、または一つの.safetensorsファイルを指定してくだ"
        "さい。"
    ),
    "Leave out --base, or pass the whole folder that peft saved.": (
        "--baseを外すか、peftが保存したフォルダー全体を指定してください。"
    ),
    "Leave out --base, or save it with peft as a plain LoRA for the unchanged base.": (
        "--baseを外すか、変更のないベース用の通常のLoRAとして、peftで保存してください。"
    ),
    "Models with code of their own and encoder-decoder models are not supported; a newer transformers may "
    "know the architecture.": (
        "独自コードの必要なモデルと、エンコーダー・デコーダー型のモデルには対応していません。新しい"
        "transformersなら、この構造に対応しているかもしれません。"
    ),
    "Plan the 16-bit original it was made of, with --quantization nf4.": (
        "元になった16ビットのモデルを、--quantization nf4を付けて計画してください。"
    ),
    "Check the name, the network and your access to gated models (hf auth login), or pass a folder with "
    "config.json.": (
        "名前とネットワークを確かめ、承認制のモデルならログイン(hf auth login)してください。config.jsonのある"
        "フォルダーも指定できます。"
    ),
    "Save it with save_pretrained(path, safe_serialization=True) and pass that folder.": (
        "save_pretrained(path, safe_serialization=True)で保存し、そのフォルダーを指定してください。"
    ),
    "Pass a Hugging Face id, a model folder, or a .gguf file.": (
        "Hugging FaceのID、モデルのフォルダー、または.ggufファイルを指定してください。"
    ),
    "Add --watch.": "--watchを加えてください。",
    "Add --quantization nf4, or take --init-lora-weights pissa on a 16-bit base.": (
        "--quantization nf4を加えるか、16ビットのベースで--init-lora-weights pissaを使ってください。"
    ),
    "Take --quantization none, or --init-lora-weights loftq.": (
        "--quantization none、または--init-lora-weights loftqを使ってください。"
    ),
    "Take --quantization none, or --peft-type lora.": (
        "--quantization none、または--peft-type loraを使ってください。"
    ),
    "Take --quantization nf4.": "--quantization nf4を使ってください。",
    "Leave it out; torchrun alone divides the rows.": "それを外してください。torchrunだけで行は分けられます。",
    "Leave it out; measure the adapter with loracheck eval.": (
        "それを外し、アダプターはloracheck evalで測ってください。"
    ),
    "For instance --gguf q8_0, or --gguf q4_k_m.": "例: --gguf q8_0、または--gguf q4_k_m",
    "Take out the value that stands twice.": "二つある値の一方を外してください。",
    "For instance --sweep lora_r=4,16,64": "例: --sweep lora_r=4,16,64",
    "As --sweep lora_r=4,16": "例: --sweep lora_r=4,16",
    "Rename one; the sweep tells them apart by name.": (
        "一方の名前を変えてください。スイープは名前で区別します。"
    ),
    "Name them with --replay FILE.": "--replay FILEで指定してください。",
    "Hold out a part of the rows, as loracheck curate does.": (
        "loracheck curateのように、行の一部だけを評価用に取り置いてください。"
    ),
    "Train on a curate run, which holds some out, or name them with --heldout FILE.": (
        "行を取り置いているcurateの実行結果で学習するか、--heldout FILEで指定してください。"
    ),
    "Pass the whole folder that peft saved.": "peftが保存したフォルダー全体を指定してください。",
    "Take an earlier checkpoint.": "以前のチェックポイントを使ってください。",
    "Pass the 16-bit original; to ship the values of the 4-bit training, add --onto trained.": (
        "16ビットの元モデルを指定してください。4ビットで学習した値を出荷するなら、--onto trainedを加えてくだ"
        "さい。"
    ),
    "Choose an empty or a new folder with -o.": "-oで新しいフォルダーか空のフォルダーを指定してください。",
    "Free disk space, or choose another folder with -o.": (
        "ディスクの空きを作るか、-oで別のフォルダーを指定してください。"
    ),
    "Take --dtype bfloat16, which reaches as far as float32.": (
        "--dtype bfloat16を使ってください。float32と同じ範囲の値を表せます。"
    ),
    "Evaluate this very adapter first, or leave out --eval.": (
        "先にこのアダプターを評価するか、--evalを外してください。"
    ),
    "Leave out --packing.": "--packingを外してください。",
    "Without --probe the plan needs no weights.": "--probeがなければ、計画に重みは要りません。",
    "Lower --max-batch-tokens or --max-length, or add --gradient-checkpointing.": (
        "--max-batch-tokensか--max-lengthを下げるか、--gradient-checkpointingを加えてください。"
    ),
    "0 is the base and 1 the adapter as it was trained, as in --strengths 0,0.25,0.5,0.75,1": (
        "0はベース、1は学習したままのアダプターです。例: --strengths 0,0.25,0.5,0.75,1"
    ),
    "For instance --strengths 0,0.5,1": "例: --strengths 0,0.5,1",
    "Compare checkpoints of its training instead: loracheck train --watch.": (
        "代わりに、学習のチェックポイントどうしを比べてください: loracheck train --watch"
    ),
    "Merge it with peft, and pass the merged model.": (
        "peftでマージし、マージしたモデルを指定してください。"
    ),
    "Train without it, or merge the adapter with peft and pass the merged model.": (
        "その設定なしで学習するか、peftでマージしたモデルを指定してください。"
    ),
    "Save it again in float32, bfloat16 or float16.": (
        "float32、bfloat16、float16のいずれかで保存し直してください。"
    ),
    "Take a base that transformers knows by itself, or update transformers.": (
        "transformersが標準で対応するベースを使うか、transformersを更新してください。"
    ),
    "Save it as a plain LoRA first, with peft's path_initial_model_for_weight_conversion.": (
        "先に、peftのpath_initial_model_for_weight_conversionで通常のLoRAとして保存してください。"
    ),
    "Train it again, with a lower learning rate.": "学習率を下げて、学習し直してください。",
    "Train without modules_to_save, trainable tokens and bias.": (
        "modules_to_save、学習可能なトークン、バイアスを使わずに学習してください。"
    ),
    "Only LoRA, DoRA, LoHa and LoKr of linear layers can be set to another strength.": (
        "強さを変えられるのは、線形層のLoRA、DoRA、LoHa、LoKrだけです。"
    ),
    "Ask for the .safetensors file, or convert it where you trust it.": (
        ".safetensorsファイルを入手してください。信頼できる場合に限り、変換してもかまいません。"
    ),
    "Download or save it again.": "もう一度ダウンロードするか、保存してください。",
    "Choose other --target-modules, or --target-modules all-linear.": (
        "別の--target-modules、または--target-modules all-linearを指定してください。"
    ),
    "Evaluate every adapter with the same --base, suites, --data and --in-domain.": (
        "--base、問題集、--data、--in-domainを揃えて、すべてのアダプターを評価してください。"
    ),
    "Name it with --data FILE or RUN.": "--dataで、ファイル(FILE)または実行結果(RUN)を指定してください。",
    "Name it with --data.": "--dataで指定してください。",
    "Restore it, or name the data that the adapter was trained on with --data.": (
        "元に戻すか、アダプターの学習に使ったデータを--dataで指定してください。"
    ),
    "Leave one of them out, or train with another --seed.": "一方を外すか、別の--seedで学習してください。",
    "Name both arms, by patterns if need be: --first 'raw*' --second 'curated*'": (
        "両方の比較対象を指定してください。パターンも使えます: --first 'raw*' --second 'curated*'"
    ),
    "Give a temperature, too: --temperature 0.7 --seeds 3": (
        "温度も指定してください: --temperature 0.7 --seeds 3"
    ),
    "A file of your own is given with --probes FILE, a task with --suite lm-eval:TASK.": (
        "自分のファイルは--probes FILE、タスクは--suite lm-eval:TASKで指定してください。"
    ),
    "Give the row another id.": "その行に別のIDを付けてください。",
    "Leave --after out, or name the run that was made with --tier quick.": (
        "--afterを外すか、--tier quickの実行結果を指定してください。"
    ),
    "Both looks take the same policy, fixed before the first.": (
        "2回とも、1回目の前に定めた同じポリシーを使ってください。"
    ),
    "Make it with --tier standard.": "--tier standardで実行してください。",
    "A second look is at the same adapters on the same base; leave --after out for a first one.": (
        "2回目は、同じベースの同じアダプターに限ります。1回目なら、--afterを外してください。"
    ),
    "Set a gate to mode: required; for a run of an older version name a policy with --policy.": (
        "検査のいずれかをmode: requiredにしてください。古い版の実行結果なら、--policyでポリシーを指定してくだ"
        "さい。"
    ),
    "Evaluate what the limits were set for, or set them anew and pin the new hashes.": (
        "限度を定めたときと同じ対象を評価するか、限度を定め直して新しいハッシュで固定してください。"
    ),
    "Pass a file of probes, or a finished eval run.": (
        "プローブのファイルか、終わった評価の実行結果を指定してください。"
    ),
    "Give it another name.": "別の名前を付けてください。",
    "Add them with --completions base=FILE": "--completions base=FILEを加えてください。",
    "Add overlap.": "overlapを加えてください。",
    "Restore it, or evaluate the new one.": "元に戻すか、新しいものを評価してください。",
    "Mend the adapter and remove the waiver, or let its owner renew it with a new day.": (
        "アダプターを直して免除を外すか、責任者が新しい期限で更新してください。"
    ),
    "Say who answers for it, and why.": "責任者と理由を書いてください。",
    "Evaluate it against the base that it was made of.": (
        "それを作る元になったベースに対して、評価してください。"
    ),
    "Give a run directory, or a folder of run directories.": (
        "実行結果のフォルダー、またはそれらをまとめたフォルダーを指定してください。"
    ),
    "Give the directory that loracheck eval, compare, curate, train or scale wrote.": (
        "loracheckのeval、compare、curate、train、scaleが書いたフォルダーを指定してください。"
    ),
    "Give a scale run of one of its adapters: loracheck scale ADAPTER -o RUN": (
        "いずれかのアダプターのscaleの実行結果を指定してください: loracheck scale ADAPTER -o RUN"
    ),
    "Give a sweep of the same base.": "同じベースのスイープを指定してください。",
    "For instance {} mine=./adapter": "例: {} mine=./adapter",
    "Name where to write, for instance -o {}": "書き込む場所を指定してください。例: -o {}",
    "There are {}.": "使えるもの: {}",
    "Pass the base it was trained on: --base {}": "学習に使ったベースを指定してください: --base {}",
    "Wait for it to end; if it is gone, remove {}.": (
        "終わるのを待ってください。もう動いていないなら、{}を削除してください。"
    ),
    "Use loracheck {}, or make the run again.": "loracheck {}を使うか、もう一度実行してください。",
    "Choose another directory with -o, or remove {} first.": (
        "-oで別のフォルダーを指定するか、先に{}を削除してください。"
    ),
    "Known keys: {}": "使えるキー: {}",
    "Known: {}.": "使えるもの: {}",
    "Rules: {}": "規則: {}",
    "Checks: {}.": "検査: {}",
    "Splits: {}.": "分割: {}",
    "Bundled: {}.": "同梱のもの: {}",
    "Pass a file of it: {}": "その中のファイルを指定してください: {}",
    "Say what it is: --as {}.": "種類を指定してください: --as {}",
    "Ask for at most {}.": "{}以下にしてください。",
    "Name one: {}": "いずれかを指定してください: {}",
    "Name one of them: {}": "いずれかを指定してください: {}",
    "Did you mean {} ({})?": "{}({})ではありませんか?",
    "Put a valid key into the environment variable {}.": "正しいキーを環境変数{}に入れてください。",
    "Pass a name as the server lists it.": "サーバーの一覧にある名前を指定してください。",
    "Rows that it removes:\n{}\nIf they are as bad as that, allow it: --allow-loss {}": (
        "除かれる行:\n{}\n実際にそれほど悪い行なら、許可してください: --allow-loss {}"
    ),
    "Curate the data that the adapter was trained on: {}": (
        "アダプターの学習に使ったデータを精選してください: {}"
    ),
    "Raise it, or have a sample judged: --judge-rows {}": (
        "予算を上げるか、一部だけを審査してください: --judge-rows {}"
    ),
    "Its linear layers are {}; all-linear takes them all but the head.": (
        "線形層は{}です。all-linearは、出力層以外のすべてを対象にします。"
    ),
    "It has {}; all-linear takes them all but the head.": (
        "線形層は{}です。all-linearは、出力層以外のすべてを対象にします。"
    ),
    "See loracheck train --help.": "loracheck train --helpを見てください。",
    "Pass {} NAME=PATH, once or more.": "{} NAME=PATHを、一つ以上指定してください。",
    "Lower --learning-rate (now {}) in a new run. {}": "--learning-rate(今は{})を下げて、新しく実行してください。{}",
    "Lower --max-batch-tokens (now {}) or --max-length (now {}), or add --gradient-checkpointing; "
    "checkpoints stay, and the same command resumes once there is room.": (
        "--max-batch-tokens(今は{})か--max-length(今は{})を下げるか、--gradient-checkpointingを加えてくださ"
        "い。チェックポイントは残っており、空きができれば同じコマンドで再開できます。"
    ),
}
