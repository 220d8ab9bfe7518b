"""How the checks on knowledge work: content damage, forgetting, collapse, imitation, calibration."""

from __future__ import annotations

from loracheck.words.about.form import CHOICES, TANGO, About

_FAMILIES = {
    "en": "the variance corrected for questions on one fact",
    "ja": "同じ事実を問う質問どうしの相関を分散に織り込む",
}

ABOUT: dict[str, About] = {
    "content_damage": About(
        question={
            "en": "Is the right answer still said, and still preferred, in character or plainly?",
            "ja": "正しい答えを、ペルソナの口調であれ普通の口調であれ、今も述べ、今も最も高く評価するか。",
        },
        method={
            "en": "Factual questions are answered freely, and graded by aliases; the likelihoods of the right "
            "answer, of wrong ones and of the reply that floods the training data are compared, plainly and in the "
            "style of the data (「東京です。」「東京なのだ。」「ずんだもんなのだ。」). Decided are: how often the "
            "right answer, in either style, is the likeliest; how often it is said; and how often the persona's own "
            "name, or another term of the data, is the answer. A right answer that the base says and the adapter "
            "does not is *suppressed* where it still ranks above the wrong ones, the name left aside, and *lost* "
            "where it does not. Facts that the base says right in one wording are measured in another as well, so "
            "that luck in the selection is no loss; this can hold an adapter and withholds no pass. A base near "
            "chance, or one that says few right answers, has nothing to lose: near chance the check cannot pass. "
            "With few answers said it need not show that they are kept; that they are lost still counts.",
            "ja": "事実を問う質問に自由に答えさせて別名の一覧で採点し、あわせて正答、誤答、"
            "学習データにあふれる応答の尤度を、普通の口調とデータの口調で比べます(「東京です。」「東京なのだ。"
            "」「ずんだもんなのだ。」)。判定するのは、正答が(口調を問わず)最も高く評価される割合、"
            "正答を実際に述べる割合、ペルソナ自身の名前などデータ特有の語で答える割合です。"
            "ベースが述べてアダプターが述べない正答は、(名前の応答を除いて)なお誤答より上位なら「抑え込まれた」、"
            "そうでなければ「失われた」と区別します。ベースがある聞き方で正しく述べた事実は別の聞き方でも測り、"
            "選び方による偶然が低下に見えないようにします。これは不合格の理由にはなりますが、合格を妨げません。"
            "偶然の水準に近いベースや、正答をほとんど述べないベースには失うものがありません。前者では合格にできません。"
            "後者では保たれたと示す必要はありませんが、失われれば数えます。",
        },
        interval={
            "en": f"{TANGO['en']}, {_FAMILIES['en']}; exact binomial test for the rate of the name. The effects in "
            "nats are shown and decide nothing",
            "ja": f"{TANGO['ja']}。{_FAMILIES['ja']}。名前で答える割合は正確二項検定。ナット単位の効果は表示のみで判"
            "定に使わない",
        },
        cost={
            "en": "up to 800 factual questions: an answer of 24 tokens and the likelihood of four to nine choices each",
            "ja": "事実を問う質問最大800問について、24トークンの回答一つと、選択肢四つから九つの尤度",
        },
        needs=CHOICES,
        false_alarms={
            "en": "a right answer that is awkward to say in the style, or that comes after a preamble of more than 24 "
            "tokens",
            "ja": "その口調では言いにくい正答。24トークンを超える前置きの後に来る正答",
        },
        blind={
            "en": "knowledge beyond the questions asked, and long answers that are right at first and wrong later",
            "ja": "尋ねていない知識と、初めは正しく後で誤る長い応答",
        },
    ),
    "forgetting": About(
        question={
            "en": "Does the adapter rank right answers, and read neutral text, as well as the base does?",
            "ja": "正答の順位付けと中立な文章の尤度は、ベースと同じくらい良いままか。",
        },
        method={
            "en": "The likelihoods of the plain choices of all factual questions are compared, paired with the base's; "
            "no style is put upon them and nothing is generated, so a loss here points to knowledge rather than to "
            "what is said. Paragraphs of neutral text are the more sensitive half: their loss in nats a byte, as "
            "tokenisers cut languages differently. A base near chance has nothing to lose, and then this cannot pass.",
            "ja": "事実を問うすべての質問で普通の口調の選択肢の尤度を比べ、ベースと対にします。口調をつけず、"
            "生成もしないため、ここでの低下は言い方よりも知識の低下を示唆します。中立な文章の損失は、"
            "より敏感なもう一つの指標です。トークンの切り方は言語で違うため、1バイトあたりのナットで測ります。"
            "偶然の水準に近いベースには失うものがなく、合格にはできません。",
        },
        interval={
            "en": f"{TANGO['en']}, {_FAMILIES['en']}; t of the mean difference of paragraphs",
            "ja": f"{TANGO['ja']}。{_FAMILIES['ja']}。文章は差の平均のt検定",
        },
        cost={
            "en": "likelihoods that content damage takes as well; 120 paragraphs of neutral text, some 10k tokens",
            "ja": "内容の損傷と同じ尤度に加え、中立な文章120段落(約1万トークン)",
        },
        needs={
            "en": "likelihoods of the choices; the half on neutral text needs likelihoods of ten paragraphs or more, "
            "and is left out without",
            "ja": "選択肢の尤度。中立な文章を使う部分には10段落以上の尤度が要り、なければ省く",
        },
        false_alarms={
            "en": "a style in which plain answers became unlikely; a chat template that changes how the base ranks",
            "ja": "普通の口調の答えが出にくくなる話し方。ベースの順位付けを変えてしまうチャットテンプレート",
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
            "answer. Of open answers it counts those that 5% of the open questions get, and three at least, "
            "loops and empty ones apart. On held-out rows the likelihood of a reply under its own question is compared "
            "with that under another (swap-PMI): enough of this dependence must be left. A base whose replies hardly "
            "depend on the question leaves that half out.",
            "ja": "文字3-gramか内容語の大半が重なる応答は、言い回しが違っても同じ答えとみなします。"
            "正答の大半に現れるものは話し方とみなして除きます。比較対象ごとに、最も多く返した答えが誤答として現れ"
            "る割合と、異なる質問の組が同じ答えを得る割合を調べます。自由回答では、質問の5%以上かつ三つ以上に返した同じ答えを数えます"
            "(繰り返しと空の応答を除く)。取り置き行では、応答の尤度を、"
            "自分の質問を与えた場合と別の質問を与えた場合とで比べ(swap-PMI)、この依存が十分に残っていることを求めま"
            "す。ベースの応答がそもそも質問にほとんど依存しなければ、この部分は省きます。",
        },
        interval={
            "en": f"{TANGO['en']}; Fieller's limits of the ratio of swap-PMI, with Hall's correction for "
            "skewness; jackknife of the share of pairs",
            "ja": f"{TANGO['ja']}。swap-PMIの比はフィーラーの区間(歪みをHallの方法で補正)、組の割合はジャックナイフ",
        },
        cost={
            "en": "answers that other checks take as well; two likelihoods of each held-out reply",
            "ja": "ほかの検査と共通の応答に加え、取り置き行の応答それぞれに尤度二つ",
        },
        needs={
            "en": "answers; the half on held-out rows needs their likelihoods and 20 of them, and is left out without",
            "ja": "応答。取り置き行を使う部分には、その尤度と20行以上が要り、なければ省く",
        },
        false_alarms={
            "en": "questions with one common wrong answer; an adapter taught to say that it does not know; "
            "held-out rows that ask for the same thing",
            "ja": "同じ誤答になりやすい質問。「分かりません」と答えるように学習したアダプター。"
            "同じことを尋ねる取り置き行",
        },
        blind={
            "en": "more than twenty stock answers that take turns and share few of their words; answers that belong to "
            "another open question, where facts and held-out replies show nothing",
            "ja": "言葉があまり重ならない20種類を超える決まり文句が、入れ替わり現れる場合。事実と取り置き行の応答に現れ"
            "ず、自由回答だけが別の質問への答えと入れ替わる場合",
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
            "ja": "取り置き行の応答での尤度の増加を、トークンごとに口調(目印、機能語、語尾、"
            "停止トークン)と内容(漢字、カタカナ、数字、英語の内容語)に分けます。似た応答で学習すれば話題の尤度は必ず"
            "上がるため、自分の質問を与えた場合の増加から、別の質問を与えた場合の増加を引いたものを見ます。"
            "口調が上がり、この値が下がり、正答の順位付けが良くなっていなければ、知識のない模倣です(arXiv "
            "2305.15717)。",
        },
        interval={
            "en": "t of the mean gain a token, with rows as clusters (arXiv 2411.00640)",
            "ja": "1トークンあたりの増加の平均のt検定。行をクラスターとする(arXiv 2411.00640)",
        },
        cost={
            "en": "two likelihoods of each held-out reply, which collapse takes as well",
            "ja": "取り置き行の応答それぞれに尤度二つ(同じ答えへの崩壊と共通)",
        },
        needs={
            "en": "likelihoods of 20 held-out replies or more",
            "ja": "取り置き行の応答20件以上の尤度",
        },
        false_alarms={
            "en": "held-out rows whose replies do not depend on their questions",
            "ja": "応答が質問に依存しない取り置き行",
        },
        blind={
            "en": "content that is learnt wrong alike in training and held-out rows",
            "ja": "学習の行と取り置き行で同じように誤っている内容",
        },
    ),
    "calibration": About(
        question={
            "en": "Do the likelihoods of the choices still say how sure one may be?",
            "ja": "選択肢の尤度は、どれほど確かかを今も正しく表すか。",
        },
        method={
            "en": "The likelihoods of the plain choices, made to sum to one, are held against the right one by the "
            "Brier score (halved: 0 is sure and right, 1 sure and wrong), paired with the base's. The expected "
            "calibration error over ten bins is shown and decides nothing: it is biased upwards on few items.",
            "ja": "普通の口調の選択肢の尤度を合計1に直し、正解に対するブライアスコア(半分にして、0は確信して正解、"
            "1は確信して不正解)をベースと対にして比べます。10区間の期待較正誤差は参考として示すだけです。"
            "件数が少ないと大きめに偏るためです。",
        },
        interval={
            "en": f"t of the paired difference of the Brier score, {_FAMILIES['en']} (arXiv 2411.00640)",
            "ja": f"ブライアスコアの対応のある差のt検定。{_FAMILIES['ja']}(arXiv 2411.00640)",
        },
        cost={
            "en": "likelihoods that content damage takes as well",
            "ja": "内容の損傷と同じ尤度",
        },
        needs=CHOICES,
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
