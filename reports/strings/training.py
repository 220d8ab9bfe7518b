"""The sentences of the pages of train, sweep and scale runs, in English and Japanese side by side."""

from __future__ import annotations

TRAINING: dict[str, tuple[str, str]] = {
    "section_training": ("How the adapters were trained", "アダプターの学習"),
    "equal_tokens": (
        "The adapters saw the same number of trained tokens (within {percent}), so the data differ and the amount "
        "does not.",
        "各アダプターの学習トークン数は同じです（差は {percent} 以内）。違いは量ではなくデータにあります。",
    ),
    "unequal_tokens": (
        "The adapters saw different numbers of trained tokens (up to {ratio} times as many): a difference between "
        "them may come from the amount, not from the data.",
        "各アダプターの学習トークン数が異なります（最大 {ratio} 倍）。差はデータではなく量による可能性があります。",
    ),
    "loss_title": ("Training loss", "学習損失"),
    "loss_desc": (
        "Loss in nats per trained token against the number of trained tokens.",
        "学習トークン数に対する損失（1 トークンあたりのナット）。",
    ),
    "axis_tokens": ("trained tokens", "学習トークン数"),
    "axis_loss": ("nats per token", "ナット / トークン"),
    "col_run": ("Run", "実行"),
    "col_tokens": ("Trained tokens", "学習トークン数"),
    "col_loss": ("Loss", "損失"),
    "train_base": ("Base", "ベース"),
    "train_quantization": ("Quantisation", "量子化"),
    "train_rows": ("Rows", "行数"),
    "train_epochs": ("Epochs", "エポック"),
    "train_steps": ("Steps", "ステップ"),
    "train_tokens": ("Trained tokens", "学習トークン数"),
    "train_parameters": ("Trainable parameters", "学習パラメーター数"),
    "train_adapter": ("Adapter size", "アダプターの大きさ"),
    "train_loss": ("Loss, first to last (nats)", "損失、最初から最後（ナット）"),
    "train_heldout": ("Held-out loss, before to after", "取り置き行の損失、前から後"),
    "train_heldout_rows": ("Held-out rows", "取り置き行数"),
    "train_seconds": ("Time", "時間"),
    "train_memory": ("Peak memory", "最大メモリー"),
    "seconds": ("{n} s", "{n} 秒"),
    "minutes": ("{n} min", "{n} 分"),
    "audit_title": ("What the audit of the loss mask found", "損失マスクの点検結果"),
    "audit_clean": (
        "All {rows} rows train what they should: nothing truncated, every stop token trained.",
        "{rows} 行すべてが正しく学習対象になっています。切り詰めはなく、停止トークンもすべて学習します。",
    ),
    "audit_rows": ("Rows", "行数"),
    "audit_truncated": ("Truncated", "切り詰め"),
    "audit_prefix_mismatches": ("Prompt tokens that differ from use", "使用時と異なるプロンプトのトークン"),
    "audit_untrained_stop": ("Stop token not trained", "停止トークンが学習対象外"),
    "audit_nothing_to_learn": ("Nothing to learn", "学習対象なし"),
    "audit_double_bos": ("Start token twice", "BOS トークンの重複"),
    "audit_control_tokens": ("Control tokens in the text", "本文中の制御トークン"),
    "no_verdict": (
        "Training loss does not say whether an adapter may ship: evaluate it next.",
        "学習損失だけでは出荷の可否は決まりません。続けて評価してください。",
    ),
    # The pages of train, sweep and scale runs
    "title_sweep": ("Sweep {name}", "{name} のスイープ"),
    "title_scale": ("Strengths of {name}", "{name} の強さの比較"),
    "kicker_sweep": ("Sweep of trainings", "学習のスイープ"),
    "kicker_scale": ("Adapter at several strengths", "アダプターの強さの比較"),
    "section_course": ("What happened", "経過"),
    "section_loss": ("Loss", "損失"),
    "section_mask": ("What was trained on", "学習対象"),
    "section_plan": ("Plan and outcome", "計画と結果"),
    "section_said": ("What was said", "回答の移り変わり"),
    "section_front": ("Facts kept against persona learnt", "事実の保持とペルソナの習得"),
    "section_points": ("Every training", "すべての学習"),
    "section_strengths": ("Every strength", "すべての強さ"),
    "not_measured": ("not measured", "測定なし"),
    "measured_n": ("{interval}, n={n}", "{interval}、n={n}"),
    "safe": ("safe", "安全"),
    "unsafe": ("not safe", "安全でない"),
    "reason_facts": ("facts", "知識"),
    "reason_name": ("name", "名前"),
    "reason_leakage": ("leaking", "漏れ"),
    "why_facts": ("facts were lost ({number}, n={n})", "事実の喪失（{number}、n={n}）"),
    "why_name": (
        "the persona's name was given as the answer ({number}, n={n})",
        "ペルソナの名前での回答（{number}、n={n}）",
    ),
    "why_leakage": (
        "the style showed outside its domain ({number}, n={n})",
        "領域外での口調の漏れ（{number}、n={n}）",
    ),
    "minus": ("−{number}", "−{number}"),
    "facts_in_doubt": (
        "That facts were lost is not certain: the interval of the change is {interval} (n={n}). More questions would "
        "tell (--watch-facts).",
        "事実が失われたかは確かではありません。差の区間は {interval}（n={n}）です。"
        "問題を増やすと分かります（--watch-facts）。",
    ),
    "both_reasons": ("{first} and {second}", "{first}、{second}"),
    # The course of a train run
    "course_none": (
        "Nobody asked what this adapter keeps of the base.",
        "ベースの知識がどれだけ残っているかは測定していません。",
    ),
    "course_how": (
        "Run the same command with --watch and another -o: a small probe set is then asked at every checkpoint, and "
        "this page shows from which step on facts are lost.",
        "同じコマンドに --watch を加え、-o に別のフォルダーを指定してください。チェックポイントごとに少数の問題を"
        "解かせ、どのステップから知識が失われるかをこのページに示します。",
    ),
    "course_all": (
        "Safe at all {n} readings, up to step {step} ({tokens} trained tokens).",
        "{n} 回の計測すべてで安全でした。最後の計測はステップ {step}（学習トークン数 {tokens}）です。",
    ),
    "course_until": (
        "Safe up to step {step} ({tokens} trained tokens); from step {first} on, {why}.",
        "ステップ {step}（学習 {tokens} トークン）までは安全でした。ステップ {first} 以降：{why}。",
    ),
    "course_never": (
        "Not safe at any of {n} readings: from step {first} on, {why}.",
        "{n} 回の計測のどれも安全ではありませんでした。ステップ {first} 以降：{why}。",
    ),
    "course_mixed": (
        "Not safe at {bad} of {n} readings, first at step {first}: {why}. The last safe one is step {step}.",
        "{n} 回の計測のうち {bad} 回は安全ではありませんでした。最初はステップ {first}：{why}。"
        "最後に安全だった時点はステップ {step} です。",
    ),
    "kept_safe": (
        "adapter/ holds step {step}, the last safe one.",
        "adapter/ の中身はステップ {step}（最後に安全だった時点）です。",
    ),
    "kept_best": (
        "adapter/ holds step {step}, the one with the lowest held-out loss.",
        "adapter/ の中身はステップ {step}（取り置き行の損失が最小の時点）です。",
    ),
    "kept_last": (
        "adapter/ holds step {step}, the last one.",
        "adapter/ の中身はステップ {step}（最後の時点）です。",
    ),
    "kept_unsafe": ("That checkpoint is not safe: {why}.", "この時点は安全ではありません：{why}。"),
    "stopped_early": (
        "Training stopped early, as the held-out loss got no better.",
        "取り置き行の損失が改善しなくなったため、早めに終了しました。",
    ),
    "stopped_unsafe": (
        "Training stopped there, as --stop-when-unsafe asks.",
        "--stop-when-unsafe の指定により、そこで終了しました。",
    ),
    "watch_small": (
        "The watch asks few questions, to choose a checkpoint by. Whether the adapter may ship is for an evaluation "
        "to say.",
        "この監視は、時点を選ぶための少数の問題によるものです。出荷の可否は評価で判断してください。",
    ),
    "watch_small_scale": (
        "The watch asks few questions, to choose a strength by. Whether the adapter may ship is for an evaluation "
        "to say.",
        "この監視は、強さを選ぶための少数の問題によるものです。出荷の可否は評価で判断してください。",
    ),
    "course_title": ("Persona learnt and facts kept", "ペルソナの習得と事実の保持"),
    "course_desc": (
        "Shares of the watch's probes against trained tokens, with 95% intervals as bands. Below the axis each "
        "reading is marked safe or not safe.",
        "学習トークン数に対する割合と 95% 区間の帯。横軸の下に、計測ごとに安全かどうかを示します。",
    ),
    "series_kept": ("facts kept", "事実の保持"),
    "series_learnt": ("persona learnt", "ペルソナの習得"),
    "series_leakage": ("style leaking", "口調の漏れ"),
    "series_loss": ("training", "学習"),
    "series_heldout": ("held-out", "取り置き行"),
    "level_base": ("base {value}", "ベース {value}"),
    "level_margin": ("limit {value}", "限度 {value}"),
    "rail": ("safe?", "安全か"),
    "event": ("{place}: {role}", "{place}：{role}"),
    "role_kept": ("kept", "採用"),
    "role_safe": ("last safe", "最後に安全"),
    "role_best": ("best held-out", "取り置き損失最小"),
    "role_largest": ("largest safe", "安全な上限"),
    "role_written": ("written", "書き出し"),
    "losses_title": ("Training and held-out loss", "学習と取り置き行の損失"),
    "losses_desc": (
        "Loss in nats per trained token against trained tokens: of each step, and of the held-out rows at each "
        "checkpoint.",
        "学習トークン数に対する損失（1 トークンあたりのナット）。各ステップと、チェックポイントごとの取り置き行。",
    ),
    "losses_desc_train": (
        "Loss in nats per trained token of each step, against trained tokens. There were no held-out rows.",
        "学習トークン数に対する各ステップの損失（1 トークンあたりのナット）。取り置き行はありません。",
    ),
    "col_checkpoint": ("Checkpoint", "時点"),
    "col_train_step": ("Step", "ステップ"),
    "col_kept": ("Facts kept", "事実の保持"),
    "col_change": ("Change to the base", "ベースとの差"),
    "col_learnt": ("Persona learnt", "ペルソナの習得"),
    "col_leakage": ("Style leaking", "口調の漏れ"),
    "col_name": ("Name as the answer", "名前での回答"),
    "col_heldout": ("Held-out loss", "取り置き損失"),
    "col_safe": ("Safe", "安全"),
    "col_folder": ("Folder", "フォルダー"),
    "moment_base": ("base", "ベース"),
    "moment_step": ("step {step}", "ステップ {step}"),
    "moment_unsafe": ("first not safe", "最初に安全でなくなった時点"),
    "moment_last": ("last", "最後"),
    "moments_caption": ("The checkpoints that matter", "主な時点の数値"),
    # What was trained on
    "mask_lead": (
        "The shortest, the median and the longest row as the model sees them, control tokens included. Loss is taken "
        "on what stands between the brackets, and on nothing else.",
        "最短・中央・最長の行を、制御トークンも含めてモデルが見るとおりに示します。損失を計算するのは括弧の中だけです。",
    ),
    "mask_trained": ("trained", "学習する部分"),
    "mask_read": ("read only", "読むだけの部分"),
    "mask_tokens": (
        "{trained} of {tokens} tokens trained",
        "{tokens} トークンのうち {trained} トークンを学習",
    ),
    "train_kind": ("Kind of adapter", "アダプターの種類"),
    "train_device": ("Device", "装置"),
    "train_path": ("Loss computed", "損失の計算"),
    "path_tiles": ("at trained positions only", "学習対象の位置のみ"),
    "path_stock": ("at every position", "すべての位置"),
    "train_replay": ("Rows mixed in against forgetting", "忘却対策で混ぜた行数"),
    "train_left_out": (
        "Rows left out, as a held-out row asks the same",
        "取り置き行と質問が同じため除いた行数",
    ),
    # Plan and outcome
    "plan_none": ("No plan was made before the first step.", "開始前の計画はありません。"),
    "plan_probed": (
        "Memory and time had been corrected by real steps.",
        "メモリーと時間は、実際に数ステップを試して補正した値です。",
    ),
    "plan_formulas": (
        "Memory and time were foreseen without trying a step.",
        "メモリーと時間は、実際のステップを試さずに見積もった値です。",
    ),
    "col_quantity": ("Quantity", "項目"),
    "col_plan": ("Plan", "計画"),
    "col_outcome": ("Outcome", "結果"),
    "col_off": ("Plan off by", "計画のずれ"),
    "plan_parameters": ("Trainable parameters", "学習パラメーター数"),
    "plan_adapter": ("Adapter size", "アダプターの大きさ"),
    "plan_tokens": ("Trained tokens", "学習トークン数"),
    "plan_steps": ("Steps", "ステップ"),
    "plan_memory": ("Peak memory", "最大メモリー"),
    "plan_time": ("Time of training", "学習の時間"),
    "plan_exact": ("exact", "一致"),
    "plan_parts": ("Peak memory as planned, by cause", "計画した最大メモリーの内訳"),
    # A sweep
    "sweep_front": (
        "{front} of {n} trainings are beaten by no other in both facts kept and persona learnt: {names}.",
        "{n} 件の学習のうち、事実の保持とペルソナの習得の両方でほかに劣らないのは {front} 件です：{names}。",
    ),
    "sweep_safe": ("Safe among these: {names}.", "このうち安全なもの：{names}。"),
    "sweep_none_safe": ("None of these is safe.", "このうち安全なものはありません。"),
    "sweep_no_front": (
        "{n} trainings were run; facts kept and persona learnt were not both measured.",
        "{n} 件の学習を行いました。事実の保持とペルソナの習得の両方は測定できていません。",
    ),
    "sweep_no_watch": (
        "Run the sweep with --watch to see what each training keeps and learns.",
        "--watch を加えると、学習ごとの保持と習得を測定できます。",
    ),
    "sweep_no_style": (
        "No style was found in the training replies, so whether the persona was learnt could not be measured.",
        "学習データの応答から口調が見つからず、ペルソナの習得は測定できませんでした。",
    ),
    "sweep_equal": (
        "All saw the same number of trained tokens, {tokens} (within {percent}): what differs is not the amount.",
        "学習トークン数はどれも同じ {tokens} です（差は {percent} 以内）。違いは量によるものではありません。",
    ),
    "sweep_unequal": (
        "They saw different numbers of trained tokens (up to {ratio} times as many): a difference may come from the "
        "amount.",
        "学習トークン数が異なります（最大 {ratio} 倍）。差は量による可能性があります。",
    ),
    "sweep_best_of_many": (
        "The best of many looks better than it is. Evaluate the one that you choose.",
        "多数の中で最良の値は、実際より良く見えます。選んだものを改めて評価してください。",
    ),
    "front_desc": (
        "Each number is a training, as in the table. To the right more of the persona was learnt, higher up more facts "
        "were kept. Filled marks on the line are the front: no other is better in both. The larger open circle is the "
        "base. Intervals are drawn for the base and the front, and stand in the table for all.",
        "番号は表の学習に対応します。右ほどペルソナを習得し、上ほど事実を保っています。線で結んだ塗りつぶしの印は、"
        "両方で上回るものがほかにない学習です。大きい丸はベースです。区間はベースと線上の学習について描き、"
        "全件は表にあります。",
    ),
    "front_seeds": (
        "{description} A letter tells the seeds of one configuration apart.",
        "{description}文字は同じ条件のシードの違いを示します。",
    ),
    "front_mark": ("on the front", "ほかに劣らない"),
    "col_number_short": ("No.", "番号"),
    "col_parameters": ("Parameters", "パラメーター数"),
    "col_time": ("Time", "時間"),
    "col_kept_step": ("Kept step", "採用した時点"),
    "by_last": ("last", "最後"),
    "by_best": ("best held-out", "取り置き損失最小"),
    "by_safe": ("last safe", "最後に安全"),
    # An adapter at several strengths
    "scale_until": (
        "Safe up to strength {scale}; at {next} {why}.",
        "強さ {scale} までは安全でした。強さ {next} は安全ではありません：{why}。",
    ),
    "scale_all": (
        "Safe at every measured strength, up to {scale}.",
        "測定した強さ {scale} まで、すべて安全でした。",
    ),
    "scale_never": (
        "Not safe even at the smallest measured strength, {scale}: {why}.",
        "測定した最小の強さ {scale} でも安全ではありませんでした：{why}。",
    ),
    "scale_nothing": ("No strength was measured.", "どの強さも測定していません。"),
    "scale_written": (
        "{folder} holds the adapter at strength {scale}.",
        "{folder} に、強さ {scale} のアダプターを書き出しました。",
    ),
    "scale_not_written": ("No scaled adapter was written.", "強さを変えたアダプターは書き出していません。"),
    "scale_title": ("Persona learnt and facts kept by strength", "強さごとのペルソナの習得と事実の保持"),
    "scale_desc": (
        "Shares of the watch's probes against the strength of the adapter, with 95% intervals as bands: 0 is the "
        "base, 1 the adapter as it was trained.",
        "アダプターの強さに対する割合と 95% 区間の帯。0 はベース、1 は学習したままのアダプターです。",
    ),
    "prov_options": ("Options", "オプション"),
    "at_strength": ("strength {scale}", "強さ {scale}"),
    "said_lead": (
        "Some of the watch's probes, first those that the base answers right and the adapter does not. Right is "
        "judged by the words alone.",
        "監視に使ったプローブの一部です。ベースが正解しアダプターが誤ったものから順に並びます。正誤は語句だけで判定しています。",
    ),
    "said_right": ("right", "正解"),
    "axis_strength": ("strength", "強さ"),
    "col_strength": ("Strength", "強さ"),
    "scale_no_training": (
        "Nothing was trained again: the same adapter, added to the base with less weight.",
        "再学習はしていません。同じアダプターを、重みを下げてベースに加えたものです。",
    ),
}
