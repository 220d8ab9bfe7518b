"""Errors of the machine (LC-5nn) and of loracheck itself (LC-9nn)."""

from __future__ import annotations

from loracheck.faults import Kind
from loracheck.faults.form import Fault, Says

FAULTS: dict[Kind, Fault] = {
    "cannot_write": Fault(
        en=Says(
            title="cannot write",
            meaning="A file could not be written. No half-written file lies under its final name.",
            causes=(
                "the disk is full",
                "the folder is read-only or belongs to someone else",
                "a quota is reached",
            ),
            mending="Free space or name another folder; the same command goes on where it stopped.",
        ),
        ja=Says(
            title="書き込めません",
            meaning="ファイルを書けませんでした。書きかけのファイルは最終の名前では残っていません。",
            causes=("ディスクが一杯", "読み取り専用または他人のフォルダー", "割り当ての上限"),
            mending="空きを作るか別のフォルダーを指定してください。同じコマンドで続きから再開します。",
        ),
        command="df -h .",
        exit_code=4,
    ),
    "cache_unusable": Fault(
        en=Says(
            title="the cache cannot be used",
            meaning="The folder in which answers and converted models are kept cannot be read or written.",
            causes=("the disk is full", "the home folder is read-only", "the file is damaged"),
            mending="Free space there, or point LORACHECK_CACHE at another folder.",
        ),
        ja=Says(
            title="キャッシュを使えません",
            meaning="回答や変換済みモデルを置くフォルダーを読み書きできません。",
            causes=("ディスクが一杯", "ホームフォルダーが読み取り専用", "ファイルの破損"),
            mending="空きを作るか、LORACHECK_CACHEで別のフォルダーを指定してください。",
        ),
        command="export LORACHECK_CACHE=/path/with/space",
        exit_code=4,
    ),
    "package_missing": Fault(
        en=Says(
            title="a package is missing",
            meaning="This part of loracheck needs a package that is not installed. Everything else works "
            "without it.",
            causes=("the extra was not installed", "another environment is active"),
            mending="Install what the message names; doctor shows what is there.",
        ),
        ja=Says(
            title="パッケージの不足",
            meaning="この機能に必要なパッケージがありません。ほかの機能には影響しません。",
            causes=("追加パッケージ(extra)を入れていない", "別の環境が有効になっている"),
            mending="メッセージにあるものを入れてください。doctorで環境を確かめられます。",
        ),
        command="loracheck doctor\npip install 'loracheck[demo]'",
        exit_code=4,
    ),
    "out_of_memory": Fault(
        en=Says(
            title="not enough memory",
            meaning="The memory of the GPU or of the machine did not suffice, or the system ended a "
            "process that took "
            "too much.",
            causes=(
                "a batch or rows that are too long",
                "other programs on the same GPU",
                "too many workers",
            ),
            mending="Lower --max-batch-tokens or --max-length, add --gradient-checkpointing or "
            "--quantization nf4, or "
            "use fewer --workers. plan says beforehand what a training takes.",
        ),
        ja=Says(
            title="メモリーの不足",
            meaning="GPUまたはマシンのメモリーが足りないか、使いすぎたプロセスをシステムが終わらせました。",
            causes=(
                "一度に処理する量や行が大きすぎる",
                "同じGPUを使うほかのプログラム",
                "ワーカーが多すぎる",
            ),
            mending="--max-batch-tokensか--max-lengthを下げる、--gradient-checkpointingか--quantization "
            "nf4を付ける、"
            "--workersを減らすなどしてください。必要量はplanで事前に分かります。",
        ),
        command="loracheck plan data.jsonl --base BASE --gradient-checkpointing",
        exit_code=4,
    ),
    "tool_missing": Fault(
        en=Says(
            title="llama.cpp was not found",
            meaning="Writing a GGUF file needs a program of llama.cpp, which was not found.",
            causes=("llama.cpp is not there", "LLAMA_CPP points at another folder"),
            mending="Clone and build llama.cpp and point LLAMA_CPP at its folder. What was merged is kept.",
        ),
        ja=Says(
            title="llama.cppが見つかりません",
            meaning="GGUFファイルを書くためのllama.cppのプログラムが見つかりません。",
            causes=("llama.cppがない", "LLAMA_CPPが別のフォルダーを指している"),
            mending="llama.cppを入手してビルドし、LLAMA_CPPにそのフォルダーを指定してください。"
            "マージ済みのモデルは残っています。",
        ),
        command="export LLAMA_CPP=/path/to/llama.cpp",
        exit_code=4,
    ),
    "tool_failed": Fault(
        en=Says(
            title="another program failed",
            meaning="A program that loracheck runs (a converter of llama.cpp, or the probe of a plan) "
            "ended with an error.",
            causes=("its version does not know this architecture", "a package that it needs is missing"),
            mending="Run its command yourself to see all it says, as the message shows.",
        ),
        ja=Says(
            title="外部プログラムの失敗",
            meaning="loracheckが呼び出したプログラム(llama.cppの変換、planの試行)がエラーで終わりました。",
            causes=("その版がこのモデル構造に対応していない", "必要なパッケージがない"),
            mending="メッセージにあるコマンドを自分で実行すると、出力をすべて見られます。",
        ),
        exit_code=4,
    ),
    "hub_unreachable": Fault(
        en=Says(
            title="the hub cannot be reached",
            meaning="Data of the Hugging Face hub are needed and could not be fetched.",
            causes=(
                "no network, or a proxy",
                "HF_HUB_OFFLINE is set",
                "a path was meant, and no such file is here",
            ),
            mending="Go online, or download the data elsewhere and pass its folder.",
        ),
        ja=Says(
            title="ハブに接続できません",
            meaning="Hugging Faceハブのデータが必要ですが、取得できませんでした。",
            causes=(
                "ネットワークがない、またはプロキシ",
                "HF_HUB_OFFLINEが設定されている",
                "ファイルのつもりだったが存在しない",
            ),
            mending="ネットワークにつなぐか、別の所でダウンロードしたフォルダーを指定してください。",
        ),
        exit_code=4,
    ),
    "gguf_unreadable": Fault(
        en=Says(
            title="a GGUF file that cannot be read",
            meaning="transformers cannot turn this GGUF file into a model.",
            causes=(
                "its architecture or type of quantisation is not supported",
                "the file is not whole",
                "transformers is older than 5.23 and reads the tokenizer of some files wrongly",
            ),
            mending="Download the model's original safetensors folder and pass that with --base.",
        ),
        ja=Says(
            title="読み取れないGGUFファイル",
            meaning="transformersは、このGGUFファイルからモデルを作れません。",
            causes=(
                "対応していない構造または量子化形式",
                "不完全なファイル",
                "transformersが5.23より古く、一部のファイルのトークナイザーを正しく読めない",
            ),
            mending="元のsafetensorsのフォルダーをダウンロードし、--baseで指定してください。",
        ),
        exit_code=4,
    ),
    "file_refused": Fault(
        en=Says(
            title="a file that the system refuses",
            meaning="The system did not open a file or folder that the command, or a run that it reads, names.",
            causes=(
                "there is no such file, or its name is too long",
                "it belongs to someone else",
                "a run of someone else's names what is not here",
            ),
            mending="See what the message names: bring it, or have it made readable.",
        ),
        ja=Says(
            title="開けないファイル",
            meaning="コマンドか、読み込む実行結果が参照するファイルやフォルダーを、システムが開きませんでした。",
            causes=(
                "ファイルがない、または名前が長すぎる",
                "他人のファイル",
                "他人の実行結果が、ここにないものを参照している",
            ),
            mending="メッセージにあるファイルを用意するか、読めるようにしてください。",
        ),
        command="ls -l",
        exit_code=4,
    ),
    "internal": Fault(
        en=Says(
            title="an error of loracheck's own",
            meaning="Something happened that loracheck did not foresee. It is not your fault.",
            causes=("a flaw in loracheck", "a version of a library that behaves differently"),
            mending="Please report it, with what the command prints under --debug.",
        ),
        ja=Says(
            title="loracheck自身のエラー",
            meaning="loracheckが想定していないことが起きました。利用者の誤りではありません。",
            causes=("loracheckの欠陥", "動作の異なる版のライブラリー"),
            mending="--debugを付けたときの出力を添えて、報告してください。",
        ),
        command="loracheck --debug VERB ...\nloracheck doctor",
        exit_code=70,
    ),
    "interrupted": Fault(
        en=Says(
            title="interrupted",
            meaning="The command was stopped with Ctrl-C. What was done is kept.",
            causes=("somebody pressed Ctrl-C",),
            mending="The same command goes on where it stopped.",
        ),
        ja=Says(
            title="中断されました",
            meaning="コマンドがCtrl-Cで止められました。それまでの結果は残っています。",
            causes=("Ctrl-Cが押された",),
            mending="同じコマンドで続きから再開します。",
        ),
        exit_code=130,
    ),
}
