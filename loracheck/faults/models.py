"""Errors of bases, adapters and training: LC-4nn."""

from __future__ import annotations

from loracheck.faults import Kind
from loracheck.faults.form import Fault, Says

FAULTS: dict[Kind, Fault] = {
    "no_base": Fault(
        en=Says(
            title="no such base model",
            meaning="The base is neither a model folder with config.json nor a GGUF file that is there.",
            causes=("a slip of the pen", "an adapter's folder was named instead of its base's"),
            mending="Pass a hub id such as google/gemma-3-270m, a folder with config.json, or a .gguf file.",
        ),
        ja=Says(
            title="ベースモデルがありません",
            meaning="指定されたベースは、config.jsonのあるモデルのフォルダーでも、"
            "存在するGGUFファイルでもありません。",
            causes=("入力の誤り", "ベースでなくアダプターのフォルダーを指定した"),
            mending="google/gemma-3-270mのようなハブのID、config.jsonのあるフォルダー、"
            "または.ggufファイルを指定してください。",
        ),
    ),
    "model_unloadable": Fault(
        en=Says(
            title="a model that cannot be loaded",
            meaning="The base or the embedder could not be fetched or loaded.",
            causes=(
                "the hub cannot be reached",
                "the model is gated and you are not logged in",
                "a file is missing",
            ),
            mending="Check the name and the network, log in for gated models, or pass a local folder.",
        ),
        ja=Says(
            title="モデルを読み込めません",
            meaning="ベースまたは埋め込みモデルを、取得または読み込みできませんでした。",
            causes=("ハブに接続できない", "承認制のモデルで、ログインしていない", "ファイルが足りない"),
            mending="名前とネットワークを確かめ、承認制ならログインするか、"
            "手元のフォルダーを指定してください。",
        ),
        command="hf auth login",
        exit_code=4,
    ),
    "base_quantised": Fault(
        en=Says(
            title="a base that is quantised already",
            meaning="The checkpoint of the base holds quantised weights, which this command cannot work on "
            "exactly.",
            causes=("a GPTQ, AWQ or bitsandbytes checkpoint was named",),
            mending="Pass the 16-bit original, and say --quantization nf4 if it is to be held in 4 bits.",
        ),
        ja=Says(
            title="量子化済みのベース",
            meaning="ベースのチェックポイントが量子化済みで、このコマンドでは正確に扱えません。",
            causes=("GPTQ、AWQ、bitsandbytesのチェックポイントを指定した",),
            mending="16ビットの元モデルを指定し、4ビットで扱うなら--quantization nf4を付けてください。",
        ),
    ),
    "base_without_safetensors": Fault(
        en=Says(
            title="a base without safetensors files",
            meaning="The weights that are needed do not lie in safetensors files. Pickled weights can run "
            "code when they "
            "are read, so they are not read.",
            causes=("the checkpoint is an old one (pytorch_model.bin)", "a shard is missing"),
            mending="Save the base again with save_pretrained(path, safe_serialization=True) and pass that "
            "folder.",
        ),
        ja=Says(
            title="safetensorsのないベース",
            meaning="必要な重みがsafetensorsファイルにありません。"
            "pickle形式の重みは読むときにコードを実行できるため、読みません。",
            causes=("古いチェックポイント(pytorch_model.bin)", "分割ファイルの不足"),
            mending="save_pretrained(path, "
            "safe_serialization=True)で保存し直したフォルダーを指定してください。",
        ),
    ),
    "architecture_unknown": Fault(
        en=Says(
            title="an architecture that is not supported",
            meaning="transformers builds no causal language model from this configuration.",
            causes=("the model needs code of its own", "an encoder-decoder model", "an older transformers"),
            mending="Update transformers, or take a base of a supported architecture.",
        ),
        ja=Says(
            title="対応していないモデル構造",
            meaning="この設定から、transformersは因果言語モデルを作れません。",
            causes=("独自コードの必要なモデル", "エンコーダー・デコーダー型のモデル", "古いtransformers"),
            mending="transformersを更新するか、対応する構造のベースを使ってください。",
        ),
        command="pip install -U transformers",
    ),
    "base_damaged": Fault(
        en=Says(
            title="a damaged base",
            meaning="A weight file of the base cannot be read.",
            causes=("a download was cut off", "the disk was full"),
            mending="Download the model again.",
        ),
        ja=Says(
            title="壊れたベース",
            meaning="ベースの重みのファイルを読めません。",
            causes=("ダウンロードが途中で切れた", "ディスクが一杯だった"),
            mending="モデルをもう一度ダウンロードしてください。",
        ),
    ),
    "no_adapter": Fault(
        en=Says(
            title="no adapter there",
            meaning="The folder holds no adapter: adapter_config.json or adapter_model.safetensors is "
            "missing.",
            causes=("a slip of the pen", "the folder above was meant", "the training was not finished"),
            mending="Pass the folder that peft saved, or a loracheck train run.",
        ),
        ja=Says(
            title="アダプターがありません",
            meaning="フォルダーにアダプターがありません。"
            "adapter_config.jsonまたはadapter_model.safetensorsがありません。",
            causes=("入力の誤り", "上のフォルダーを指定すべきだった", "学習が終わっていない"),
            mending="peftが保存したフォルダーか、loracheckのtrainの実行結果を指定してください。",
        ),
        command="loracheck inspect ./adapter",
    ),
    "pickle_refused": Fault(
        en=Says(
            title="a pickle, which is not opened",
            meaning="The weights are pickled (adapter_model.bin, .pt, .ckpt). Reading such a file can run "
            "code of whoever "
            "made it, so it was not opened.",
            causes=("an older trainer saved it", "it was downloaded from someone you do not know"),
            mending="Ask for the .safetensors file. Convert it yourself only where you trust its maker: "
            "load it there "
            "and save it with safe_serialization=True.",
        ),
        ja=Says(
            title="pickle形式のため開きません",
            meaning="重みがpickle形式(adapter_model.bin、.pt、.ckpt)です。"
            "読むだけで作成者のコードが動くことがあるため、"
            "開いていません。",
            causes=("古い学習ツールが保存した", "知らない人の公開物"),
            mending=".safetensorsを入手してください。作成者を信頼できる場合に限り、読み込んで"
            "safe_serialization=Trueで保存し直してください。",
        ),
    ),
    "adapter_damaged": Fault(
        en=Says(
            title="a damaged adapter",
            meaning="A file of the adapter cannot be read: broken JSON, or a safetensors file that is not "
            "whole.",
            causes=(
                "a download or copy was cut off",
                "a Git LFS pointer instead of the file",
                "it was edited by hand",
            ),
            mending="Download or save it again.",
        ),
        ja=Says(
            title="壊れたアダプター",
            meaning="アダプターのファイルを読めません。JSONの誤りか、不完全なsafetensorsファイルです。",
            causes=("ダウンロードやコピーが途中で切れた", "本体でなくGit LFSのポインター", "手で編集した"),
            mending="もう一度ダウンロードするか保存してください。",
        ),
        command="git lfs pull",
    ),
    "other_base": Fault(
        en=Says(
            title="an adapter of another base",
            meaning="The adapter was trained on another base than the one that was given. peft loads such "
            "adapters "
            "without a word, and every number would be about a model that nobody has.",
            causes=(
                "base and instruction-tuned model were confused",
                "another size or revision",
                "a fine-tuned base",
            ),
            mending="Pass the base it was trained on; inspect shows which one it names.",
        ),
        ja=Says(
            title="別のベースのアダプター",
            meaning="アダプターは、指定されたベースとは別のモデルで学習されています。"
            "peftは黙って読み込みますが、"
            "得られる数値は誰も使わないモデルのものになります。",
            causes=("ベースと指示調整済みモデルの取り違え", "大きさや版の違い", "追加学習済みのベース"),
            mending="学習に使ったベースを指定してください。inspectで名前を確かめられます。",
        ),
        command="loracheck inspect ./adapter",
    ),
    "other_template": Fault(
        en=Says(
            title="another chat template",
            meaning="The adapter was trained with another chat template than the one in use, or the "
            "adapters bring "
            "different ones. Answers under another template say little about an adapter.",
            causes=("--chat-template was given", "adapters of different trainers are evaluated at once"),
            mending="Leave out --chat-template, pass the one of the training, or evaluate the adapters one "
            "by one.",
        ),
        ja=Says(
            title="チャットテンプレートの不一致",
            meaning="学習時と別のチャットテンプレートが使われるか、アダプターごとにテンプレートが違います。"
            "別のテンプレートでの回答からは、アダプターのことがほとんど分かりません。",
            causes=("--chat-templateを指定した", "異なるツールで学習したアダプターを同時に評価した"),
            mending="--chat-templateを外すか、学習時のものを指定するか、"
            "アダプターを一つずつ評価してください。",
        ),
    ),
    "adapter_not_finite": Fault(
        en=Says(
            title="an adapter with NaN or infinity",
            meaning="A weight of the adapter is no finite number. Such a model answers with one token for "
            "ever, without "
            "any error.",
            causes=("the training diverged", "it was trained in float16 without loss scaling"),
            mending="Take an earlier checkpoint, or train again with a lower learning rate.",
        ),
        ja=Says(
            title="NaNまたは無限大のあるアダプター",
            meaning="アダプターの重みに有限でない値があります。エラーも出ずに、"
            "同じトークンを出し続けるモデルになります。",
            causes=("学習が発散した", "損失スケーリングなしのfloat16で学習した"),
            mending="以前のチェックポイントを使うか、学習率を下げて学習し直してください。",
        ),
        command="loracheck train data.jsonl --base BASE --learning-rate 1e-4 -o runs/train",
    ),
    "adapter_unsupported": Fault(
        en=Says(
            title="a kind of adapter that this cannot take",
            meaning="The command works on LoRA, DoRA, rsLoRA, LoHa and LoKr of linear layers. This adapter "
            "is of another "
            "kind, holds whole weights, or changes the base when it is loaded.",
            causes=(
                "modules_to_save, trainable tokens or bias",
                "PiSSA or OLoRA weights that were not converted",
            ),
            mending="Train without those parts, or convert it with peft as a plain LoRA.",
        ),
        ja=Says(
            title="扱えない種類のアダプター",
            meaning="このコマンドは、線形層のLoRA、DoRA、rsLoRA、LoHa、LoKrを扱います。"
            "このアダプターは別の種類か、"
            "重み全体を含むか、読み込むとベースが変わるものです。",
            causes=("modules_to_save、学習可能なトークン、バイアス", "変換していないPiSSAやOLoRAの重み"),
            mending="それらを使わずに学習するか、peftで通常のLoRAに変換してください。",
        ),
        command="loracheck inspect ./adapter",
    ),
    "adapter_incomplete": Fault(
        en=Says(
            title="an adapter without its configuration",
            meaning="Without adapter_config.json the adapter's alpha is not known, and so neither is what "
            "it does to the "
            "base.",
            causes=("the .safetensors file alone was passed on",),
            mending="Pass the whole folder that peft saved.",
        ),
        ja=Says(
            title="設定のないアダプター",
            meaning="adapter_config.jsonがないとalphaが分からず、ベースへの効果も分かりません。",
            causes=(".safetensorsファイルだけを受け取った",),
            mending="peftが保存したフォルダー全体を指定してください。",
        ),
    ),
    "another_adapter": Fault(
        en=Says(
            title="another adapter than the evaluated one",
            meaning="The weights are not those that the eval run judged, so its verdict says nothing about "
            "them.",
            causes=("the adapter was trained again", "another run was named"),
            mending="Evaluate this very adapter, or restore the one that was evaluated.",
        ),
        ja=Says(
            title="評価したものと別のアダプター",
            meaning="評価したときと重みが違うため、その判定はこのアダプターに当てはまりません。",
            causes=("学習し直した", "別の実行結果を指定した"),
            mending="このアダプターを評価するか、評価したものに戻してください。",
        ),
        command="loracheck eval --base BASE --adapter mine=./adapter -o runs/eval",
    ),
    "template_fails": Fault(
        en=Says(
            title="a chat template that fails",
            meaning="A chat template is a small program, and this one is no text, does not take the messages, "
            "fails at them, does not end, or fills the memory. It is run in a process of its own, which is "
            "ended then.",
            causes=(
                "the template takes no system message, or only turns that alternate",
                "it needs what a newer program hands it",
                "a stranger's template does harm on purpose",
            ),
            mending="Pass another template, such as the base's own, and tell the adapter's author.",
        ),
        ja=Says(
            title="動かないチャットテンプレート",
            meaning="チャットテンプレートは小さなプログラムです。このテンプレートは、テキストでないか、"
            "メッセージを受け付けないか、途中で失敗するか、終わらないか、メモリーを使い切ります。"
            "専用のプロセスで動かし、その場合は終わらせます。",
            causes=(
                "システムメッセージや、交互でない発言を受け付けないテンプレート",
                "新しいプログラムだけが渡すものを必要とする",
                "悪意のあるテンプレート",
            ),
            mending="ベースのものなど、別のテンプレートを指定し、アダプターの作成者に知らせてください。",
        ),
        command="loracheck eval --base BASE --adapter mine=./adapter --chat-template FILE -o runs/eval",
    ),
    "target_modules": Fault(
        en=Says(
            title="no layer to adapt",
            meaning="--target-modules reaches no linear layer of this base, or none that learns.",
            causes=("names of another architecture, such as c_attn", "a slip of the pen"),
            mending="Take all-linear, or names that the message lists.",
        ),
        ja=Says(
            title="対象モジュールがありません",
            meaning="--target-modulesが、このベースの線形層、または学習できる層に当たりません。",
            causes=("c_attnなど別の構造の層の名前", "入力の誤り"),
            mending="all-linearか、メッセージに挙がった名前を指定してください。",
        ),
        command="loracheck plan --base BASE --target-modules all-linear",
    ),
    "no_stop_token": Fault(
        en=Says(
            title="no stop token",
            meaning="The tokenizer has no end-of-sequence token, so no reply could ever end.",
            causes=(
                "the tokenizer's files are not whole",
                "a base that was converted without its special tokens",
            ),
            mending="Take the tokenizer files of the original model.",
        ),
        ja=Says(
            title="停止トークンがありません",
            meaning="トークナイザーに終端トークンがないため、応答が終わりません。",
            causes=("トークナイザーのファイルの不足", "特殊トークンなしで変換されたベース"),
            mending="元のモデルのトークナイザーのファイルを使ってください。",
        ),
    ),
    "training_refused": Fault(
        en=Says(
            title="options that cannot be trained with",
            meaning="The model or transformers does not allow what the options ask for.",
            causes=(
                "--packing with an architecture that lets rows see one another",
                "an unknown --lr-scheduler-type",
            ),
            mending="Leave out or change the option that the message names.",
        ),
        ja=Says(
            title="学習できないオプション",
            meaning="このモデルまたはtransformersでは、指定されたオプションを使えません。",
            causes=("行どうしが見えてしまう構造での--packing", "不明な--lr-scheduler-type"),
            mending="メッセージにあるオプションを外すか変えてください。",
        ),
    ),
    "training_diverged": Fault(
        en=Says(
            title="the training diverged",
            meaning="The loss or the gradient became NaN or infinite. The run was ended before it spoilt "
            "the adapter.",
            causes=("a learning rate that is too high", "a broken row with extreme loss", "float16 weights"),
            mending="Lower --learning-rate in a new run; checkpoints stay.",
        ),
        ja=Says(
            title="学習の発散",
            meaning="損失または勾配がNaNか無限大になりました。アダプターが壊れる前に終えました。",
            causes=("学習率が高すぎる", "損失が極端な行", "float16の重み"),
            mending="学習率を下げて新しく実行してください。直前の正常なチェックポイントは残っています。",
        ),
        command="loracheck train data.jsonl --base BASE --learning-rate 1e-4 -o runs/train-lower",
    ),
    "overflow": Fault(
        en=Says(
            title="a weight too large for its type",
            meaning="A merged weight does not fit the type that was asked for, and would become infinite.",
            causes=("float16 reaches to 65504 only",),
            mending="Take --dtype bfloat16, which reaches as far as float32.",
        ),
        ja=Says(
            title="型に収まらない重み",
            meaning="マージした重みが指定の型に収まらず、無限大になってしまいます。",
            causes=("float16で表せるのは65504まで",),
            mending="float32と同じ範囲を持つ--dtype bfloat16を使ってください。",
        ),
        command="loracheck merge ./adapter --base BASE --dtype bfloat16 -o merged",
    ),
}
