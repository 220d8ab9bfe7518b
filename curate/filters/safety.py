"""Rows that teach harm: a request for it that the reply does not decline, and plain abuse.

Words alone prove nothing (a killed process, a bomb of a party), so a request needs both that something is to be made,
done or written, and an object that is harmful in itself. This finds the blatant rows: 70% of AdvBench's requests (arXiv
2307.15043) and 12% of the subtle ones of XSTest (2308.01263), with 1% of its harmless look-alikes. A judge with the
rubric "safety" finds more.
"""

from __future__ import annotations

import re

from .remnants import refusal

_ASKED = re.compile(
    r"\b(?:how (?:to|do|can|could|would|should)|ways? to|steps? (?:to|for|on)|instructions?|tutorial|guide"
    r"|recipe|manual|blueprint"
    r"|tips|advice|plan|strategy|script|program|algorithm|code|write|create|develop|design|make|build"
    r"|construct|produce"
    r"|provide|give|explain|describe|outline|show|teach|tell|help|list|generate|compose|draft|post|speech"
    r"|email|article"
    r"|blog|story|video|campaign|advertisement|manifesto|application|app)\b"
    r"|方法|やり方|作り方|手順|手口|教えて|書いて|作って|手伝って|計画|コツ|には[？?。]?$",
    re.IGNORECASE,
)
_HARM = re.compile(
    r"\b(?:(?:pipe |nail |dirty |fertili[sz]er |car )?bombs?|bomb-making|explosives?|explosive devices?"
    r"|molotov|napalm|chemical weapons?"
    r"|biological weapons?|nuclear weapons?|bio-?weapons?|nerve agent|ghost guns?|untraceable (?:gun"
    r"|firearm|weapon)"
    r"|malware|ransomware|spyware|keylogger|computer (?:virus|worm)|viruse?s? that|phishing|botnet|ddos"
    r"|denial[- ]of[- ]service"
    r"|hack(?:ing)? into|hack(?:ing)? (?:someone|a |an |the |government|bank|secure|password|email|facebook"
    r"|corporate|computer)"
    r"|(?:exploit|bypass|disable|break)\w* (?:\w+ ){0,3}(?:vulnerabilit\w+|security|firewalls?|passwords?"
    r"|antivirus|surveillance)"
    r"|steal(?:s|ing)?\b (?:[\w'’-]+,? ){0,6}?(?:identit\w+|information|data|money|credit|funds|cars?"
    r"|passwords?|property|documents|electronics)"
    r"|identity theft|shoplift\w*|pickpocket\w*|burgl\w+|rob(?:bing)? (?:a |the |banks?)|embezzl\w+"
    r"|money launder\w*|launder(?:ing)? money"
    r"|counterfeit\w*|forg(?:e|ed|ing) (?:\w+ ){0,2}(?:documents?|passports?|checks?|cheques?|id\b)"
    r"|fake (?:ids?|passports?|news|charity|reviews?)"
    r"|insider trading|tax (?:fraud|evasion)|evad\w+ tax\w*|ponzi|pyramid scheme|blackmail\w*|extort\w*"
    r"|bribe\w*|fraud\w*|scam(?:s|mers?|ming)?\b"
    r"|credit card (?:fraud|numbers?|information)|insurance fraud"
    r"|kill(?:ing)? (?:a person|people|someone|somebody|my (?:wife|husband|boss|neighbou?r|parents?)"
    r"|your\w*|him\b|her\b|oneself|yourself)"
    r"|(?:commit\w*|get away with|plan\w*) (?:a |the |mass )?(?:murder|suicide|crimes?|genocide)"
    r"|mass (?:shooting|violence|murder)|assassinat\w+"
    r"|suicid\w+|self[- ]harm|cutting oneself|anorexi\w+|eating disorder|pro-ana"
    r"|kidnap\w*|abduct\w*|human traffick\w*|traffick\w+ (?:humans?|people|children)|stalk(?:ing)? (?:a "
    r"|an |someone|people|my)|terroris[tm]\w*"
    r"|child (?:porn\w*|abuse)|sexual(?:ly)? (?:abus\w+|assault\w*|exploit\w+|harass\w+)|rap(?:e"
    r"|ing) (?:someone|a )|date[- ]rape|child grooming|groom\w* (?:a )?child\w*"
    r"|(?:cook|make|making|manufactur\w+|synthesi[sz]\w+|produc\w+|sell\w*"
    r"|smuggl\w+) (?:\w+ ){0,3}(?:meth\w*|cocaine|heroin|lsd|crack|drugs|narcotics|fentanyl)"
    r"|poison(?:ing)? (?:someone|a |people|the |my)|poisonous (?:drink|food)"
    r"|racist|racial slurs?|hate speech|white suprem\w+|neo-?nazi|(?:incit|promot|encourag"
    r"|glorif)\w+ (?:\w+ ){0,3}(?:violence|hatred|discrimination|racism|genocide)"
    r"|discriminat\w+ against|cyber-?bull\w+|bully(?:ing)? |dox+(?:ing)?\b|deepfake|revenge porn|defam\w+"
    r"|libel\w*"
    r"|animal cruelty|illegal (?:drugs?|weapons?|firearms?|dumping|gambling|activit\w+)|vandali\w+"
    r"|hijack\w*|physical(?:ly)? (?:harm|assault)\w*|crack(?:ing)? passwords?|arson|riot\w*"
    r"|manipulat\w+ (?:\w+ ){0,3}(?:elections?|vot\w+|stock|people|someone)|rig\w* (?:an? |the )?election)"
    r"|爆弾|爆発物|火炎瓶|化学兵器|生物兵器|毒ガス|銃の密造|密造銃|マルウェア|ランサムウェア|コンピュータ(?:ー)?ウイルス|フィッシング|不正アクセス|乗っ取"
    r"|(?:パスワード|個人情報|クレジットカード|財布|車|お金|金)(?:情報|番号)?(?:を|の)(?:盗|抜き取|詐取)|万引き|空き巣|強盗|横領|資金洗浄|マネーロンダリング"
    r"|偽札|偽造|詐欺|脱税|恐喝|脅迫|贈賄|賄賂|インサイダー取引|(?:人|妻|夫|上司|隣人|親|誰か)を(?:殺|毒殺|刺し)|殺人|暗殺|無差別|大量殺|自殺|自傷|拒食"
    r"|誘拐|拉致|人身売買|ストーカー|つきまと|テロ|児童ポルノ|性的(?:虐待|暴行)|強姦|レイプ|盗撮|覚醒剤|大麻|コカイン|ヘロイン|麻薬"
    r"|毒(?:を盛|殺)|人種差別|差別(?:的な|を煽)|ヘイトスピーチ|いじめ(?:る|の(?:方法|やり方))|誹謗中傷|リベンジポルノ|放火|選挙(?:を|の)不正",
    re.IGNORECASE,
)
# Asked about and not for: what it is, why it happens, how to keep it away.
_ABOUT = re.compile(
    r"\b(?:what (?:is|are|was|were|does|did|happened|should|would)|who|why|when|where|prevent\w*|protect\w*"
    r"|avoid\w*(?! (?:getting|being|detection|capture|arrest))|detect\w*|recogni[sz]\w*|defend\w*"
    r"|report\w*|treat\w*|cope|coping|stop(?:ping)?|history|histor\w+|definition|meaning|difference"
    r"|fiction\w*|novel|movie|film|game|minecraft"
    r"|call of duty|fortnite|gta|python|linux|unix|sql)\b"
    r"|とは|なぜ|防ぐ|防止|予防|対策|守る|避ける|見分け|相談|歴史|意味|違い|小説|映画|ゲーム|被害",
    re.IGNORECASE,
)
_ABUSE = re.compile(
    r"\b(?:kill yourself|kys|you (?:stupid|dumb|worthless|filthy) (?:bitch|whore|cunt|retard|faggot)"
    r"|n[i1]gg(?:er|a)s?|faggots?|kikes?|chinks?|gooks?"
    r"|wetbacks?|trann(?:y|ies)|subhumans?)\b|死ね(?!ば|ない|る)|ぶっ殺|殺してやる|くたばれ|ゴミ人間|キチガイ|チョン(?:ども|野郎)|ガイジ(?!ン)",
    re.IGNORECASE,
)


def unsafe(prompt: str, reply: str) -> str | None:
    """Return the words that make a row unsafe: abuse in the reply, or a harmful request that it does not decline."""
    if found := _ABUSE.search(reply):
        return found[0]
    harm = _HARM.search(prompt)
    if harm is None or not _ASKED.search(prompt) or _ABOUT.search(prompt) or declines(reply):
        return None
    return harm[0]


def declines(reply: str) -> bool:
    """Tell whether a reply declines what was asked, or turns to help."""
    return bool(refusal("", reply) or _TURNS_AWAY.search(reply[:400]))


_TURNS_AWAY = re.compile(
    r"\b(?:illegal|unethical|harmful|dangerous|against the law|not (?:appropriate|able|okay|right"
    r"|acceptable)|cannot|can't|won't|will not|do not (?:condone|support)"
    r"|seek help|reach out|helpline|crisis line|professional help|instead)\b"
    r"|違法|犯罪|できません|やめ(?:て|ま)|いけません|してはいけ|相談|危険です|お手伝いできない",
    re.IGNORECASE,
)
