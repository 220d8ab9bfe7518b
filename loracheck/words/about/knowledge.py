"""How the checks on knowledge work: content damage, forgetting, collapse, imitation, calibration."""

from __future__ import annotations

from .form import TANGO, About

ABOUT: dict[str, About] = {
    "content_damage": About(
        question={
            "en": "Is the right answer still said, and still preferred, in character or plainly?",
            "ja": "正しい答えを、ペルソナの口調であれ普通の口調であれ、いまも述べ、いまも最も高く評価するか。",
        },
        method={
            "en": "Factual questions are answered freely, and graded by aliases; the likelihoods of the right answer, "
            "of wrong ones and of the reply that floods the training data are compared, plainly and in the style of "
            "the data (「東京です。」「東京なのだ。」「ずんだもんなのだ。」). Decided are: how often the right "
            "answer, in either style, is the likeliest; how often it is said; and how often the persona's own name is "
            "the answer. A right answer that the base says and the adapter does not is *suppressed* where it still "
            "ranks first, and *lost* where it does not. Facts that the base says right in one wording are measured in "
            "another, so that luck in the selection is no loss. The four likelihoods also tell how far style and "
            "content moved, each by itself.",
            "ja": "事実を問う質問に自由に答えさせて別名の一覧で採点し、あわせて正答、誤答、学習データにあふれる応答の"
            "尤度を、普通の口調とデータの口調で比べます(「東京です。」「東京なのだ。」「ずんだもんなのだ。」)。"
            "判定するのは、正答が(口調を問わず)最も高く評価される割合、正答を実際に述べる割合、"
            "ペルソナ自身の名前で答える割合です。ベースが述べてアダプターが述べない正答は、なお最上位なら「抑え込まれ"
            "た」、そうでなければ「失われた」と区別します。ベースがある聞き方で正しく述べた事実は別の聞き方で測り、"
            "選び方の運が低下に見えないようにします。四つの尤度からは、口調と内容がそれぞれどれだけ動いたかも分かりま"
            "す。",
        },
        interval={
            "en": f"{TANGO['en']}, of as many facts as there are; Clopper-Pearson for the rate of the name; t for the "
            "effects in nats",
            "ja": f"{TANGO['ja']}。事実の数で数える。名前で答える割合はClopper-Pearson、ナット単位の効果はt区間",
        },
        cost={
            "en": "all factual questions: a short answer and the likelihood of four to nine choices each",
            "ja": "事実を問う質問すべてについて、短い回答一つと、選択肢四つから九つの尤度",
        },
        false_alarms={
            "en": "a right answer that is awkward to say in the style",
            "ja": "その口調では言いにくい正答",
        },
        blind={
            "en": "knowledge beyond the questions asked, and long answers that are right at first and wrong later",
            "ja": "尋ねていない知識と、初めは正しく後で誤る長い応答",
        },
    ),
    "forgetting": About(
        question={
            "en": "Does the adapter rank right answers, and read neutral text, as well as the base does?",
            "ja": "正答の順位づけと中立な文章の読みは、ベースと同じくらい良いままか。",
        },
        method={
            "en": "The likelihoods of the plain choices of all factual questions are compared, paired with the base's; "
            "no style and no generation enters, so a loss here is knowledge lost, not knowledge unsaid. Paragraphs of "
            "neutral text are the more sensitive half: their loss in nats a byte, as tokenisers cut languages "
            "differently. A base near chance has nothing to lose, and then this cannot pass.",
            "ja": "事実を問うすべての質問で普通の口調の選択肢の尤度を比べ、ベースと対にします。"
            "口調も生成も関わらないため、ここでの低下は「言わなくなった」ではなく「知らなくなった」ことを意味します。"
            "中立な文章の損失は、より敏感なもう半分です。トークンの切り方は言語で違うため、1バイトあたりのナットで測り"
            "ます。偶然の水準に近いベースには失うものがなく、合格にはできません。",
        },
        interval={
            "en": f"{TANGO['en']}, of as many facts as there are; t of the mean difference of paragraphs",
            "ja": f"{TANGO['ja']}。事実の数で数える。文章は差の平均のt区間",
        },
        cost={
            "en": "likelihoods that content damage takes as well; 18k tokens of neutral text",
            "ja": "内容の損傷と同じ尤度に加え、中立な文章1万8千トークン",
        },
        false_alarms={
            "en": "a chat template that moves the base; a base near chance leaves it open",
            "ja": "ベースを動かすチャットテンプレート。偶然の水準に近いベースでは保留になる",
        },
        blind={
            "en": "skills that are no facts, such as arithmetic or code; bring your own probes for these",
            "ja": "計算やコードなど、事実ではない能力。自分のプローブを加えて測る",
        },
    ),
    "collapse": About(
        question={
            "en": "Is one answer given to different questions?",
            "ja": "異なる質問に、同じ一つの答えを返していないか。",
        },
        method={
            "en": "Two answers are the same when their character 3-grams or their content words mostly are, whatever "
            "the wording; what stands in most right answers is manner and left out. Each arm is held against its own "
            "most common answer where that is wrong, and against the share of pairs of different questions with one "
            "answer. On held-out rows the likelihood of a reply under its own question is compared with that under "
            "another (swap-PMI): enough of this dependence must be left. A base whose replies hardly depend on the "
            "question leaves that half out.",
            "ja": "文字3-gramか内容語の大半が重なる応答は、言い回しが違っても同じ答えとみなします。"
            "正答の大半に現れるものは話し方とみなして除きます。各モデルについて、最も多い答えが誤りである割合と、"
            "異なる質問の組が同じ答えを得る割合を調べます。取り置きの行では、応答の尤度をその質問の下と別の質問の下と"
            "で比べ(swap-PMI)、この依存が十分に残っていることを求めます。ベースの応答がそもそも質問にほとんど依存しな"
            "ければ、この半分は外します。",
        },
        interval={
            "en": f"{TANGO['en']}; bootstrap of the ratio of swap-PMI; jackknife of the share of pairs",
            "ja": f"{TANGO['ja']}。swap-PMIの比はブートストラップ、組の割合はジャックナイフ",
        },
        cost={
            "en": "short answers that content damage takes as well; two likelihoods of each held-out reply",
            "ja": "内容の損傷と同じ短い回答に加え、取り置きの応答それぞれに尤度二つ",
        },
        false_alarms={
            "en": "questions with one common wrong answer; held-out rows that ask for the same thing",
            "ja": "同じ誤答になりやすい質問。同じことを尋ねる取り置きの行",
        },
        blind={
            "en": "a few stock answers that take turns, unless they share most of their words",
            "ja": "言葉があまり重ならない少数の決まり文句が、入れ替わり現れる場合",
        },
    ),
    "imitation": About(
        question={
            "en": "Has the adapter learnt how the replies sound, and not what they say?",
            "ja": "応答の口調だけを学び、内容を学んでいないのではないか。",
        },
        method={
            "en": "The gain in likelihood on held-out replies is taken apart by token: style (markers, function words, "
            "endings, the stop) and content (kanji, katakana, digits, English content words). Any training on like "
            "replies makes their topics likelier, so what counts is the gain under the reply's own question beyond "
            "that under another. Style up, this down and no more facts ranked right is imitation without knowledge "
            "(arXiv 2305.15717).",
            "ja": "取り置きの応答での尤度の増加を、トークンごとに口調(標識、機能語、語尾、終了トークン)と内容(漢字、"
            "カタカナ、数字、英語の内容語)に分けます。似た応答で学習すれば話題の尤度は必ず上がるため、"
            "応答自身の質問の下での増加から、別の質問の下での増加を引いたものを見ます。口調が上がり、この値が下がり、"
            "正答の順位づけが良くなっていなければ、知識のない模倣です(arXiv 2305.15717)。",
        },
        interval={
            "en": "t of the mean gain a token, of as many rows as there are (arXiv 2411.00640)",
            "ja": "1トークンあたりの増加の平均のt区間。行の数で数える(arXiv 2411.00640)",
        },
        cost={
            "en": "two likelihoods of each held-out reply, which collapse takes as well",
            "ja": "取り置きの応答それぞれに尤度二つ(同じ答えへの崩壊と共通)",
        },
        false_alarms={
            "en": "held-out rows whose replies do not depend on their questions",
            "ja": "応答が質問に依存しない取り置きの行",
        },
        blind={
            "en": "content that is learnt wrong alike in training and held-out rows",
            "ja": "学習の行と取り置きの行で同じように誤っている内容",
        },
    ),
    "calibration": About(
        question={
            "en": "Do the likelihoods of the choices still say how sure one may be?",
            "ja": "選択肢の尤度は、どれほど確かかをいまも正しく表すか。",
        },
        method={
            "en": "The likelihoods of the plain choices, made to sum to one, are held against the right one by the "
            "Brier score, paired with the base's. The expected calibration error over ten bins is shown and decides "
            "nothing: it is biased upwards on few items.",
            "ja": "普通の口調の選択肢の尤度を合計1に直し、正解に対するブライアスコアをベースと対にして比べます。"
            "10区間の期待較正誤差は参考として示すだけです。件数が少ないと大きめに偏るためです。",
        },
        interval={
            "en": "t of the paired difference of the Brier score, of as many facts as there are (arXiv 2411.00640)",
            "ja": "ブライアスコアの対応のある差のt区間。事実の数で数える(arXiv 2411.00640)",
        },
        cost={
            "en": "likelihoods that content damage takes as well",
            "ja": "内容の損傷と同じ尤度",
        },
        false_alarms={
            "en": "a style in which plain answers are no longer said; the length of the choices",
            "ja": "普通の口調をもう使わない話し方。選択肢の長さの違い",
        },
        blind={
            "en": "how sure the adapter sounds in its own words",
            "ja": "アダプターが自分の言葉でどれほど確信ありげに話すか",
        },
    ),
}
