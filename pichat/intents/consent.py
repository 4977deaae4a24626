"""Yes and no, as people say them to a question.

Only a text that is nothing else counts, and only in the house's own language: in Polish “no” is
half a yes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from pichat.intents.match import Match, Meaning, means

YES, NO = "PiChatYes", "PiChatNo"
"""Intents without a call. They mean something only to a question that is open."""

_WORDS: dict[str, tuple[str, str]] = {
    "af": ("ja|ja asseblief|goed|doen dit", "nee|nee dankie|moenie"),
    "ar": ("نعم|أجل|حسنا|تمام", "لا|لا شكرا"),
    "bg": ("да|да моля|добре|разбира се", "не|не благодаря"),
    "ca": ("sí|si us plau|sí si us plau|d'acord|és clar", "no|no gràcies"),
    "cs": ("ano|jo|ano prosím|jasně|dobře|udělej to", "ne|ne děkuji|ne díky"),
    "da": ("ja|ja tak|okay|ok|gør det", "nej|nej tak|lad være"),
    "de": (
        "ja|ja bitte|jawohl|klar|okay|ok|gerne|ja gerne|mach das|mach es|natürlich|bitte",
        "nein|nein danke|nö|lieber nicht|bitte nicht|lass es|abbrechen",
    ),
    "el": ("ναι|ναι παρακαλώ|εντάξει|βέβαια", "όχι|όχι ευχαριστώ"),
    "en": (
        "yes|yes do|yeah|yep|yup|sure|of course|okay|ok|do it|do so|go ahead|please do",
        "no|nope|nah|don't|do not|don't do it|do not do it|rather not|stop|cancel|never mind",
    ),
    "es": ("sí|sí por favor|claro|vale|de acuerdo|hazlo|adelante", "no|no gracias|cancela"),
    "et": ("jah|jaa|jah palun", "ei|ei aitäh"),
    "fi": ("kyllä|joo|kyllä kiitos|selvä|tee se", "ei|ei kiitos|älä"),
    "fr": (
        "oui|oui s'il te plaît|oui s'il vous plaît|ouais|d'accord|bien sûr|vas-y|ok",
        "non|non merci|annule|surtout pas",
    ),
    "gl": ("si|si por favor|vale|de acordo", "non|non grazas"),
    "he": ("כן|כן בבקשה|בסדר|בטח", "לא|לא תודה"),
    "hi": ("हाँ|हां|जी हाँ|जी हां|ठीक है", "नहीं|जी नहीं|ना"),
    "hr": ("da|da molim|može|u redu", "ne|ne hvala|nemoj"),
    "hu": ("igen|igen kérem|persze|rendben", "nem|nem köszönöm|ne"),
    "id": ("ya|iya|ya silakan|oke|boleh", "tidak|tidak terima kasih|jangan"),
    "it": ("sì|si|sì grazie|sì per favore|certo|va bene|fallo|ok", "no|no grazie|annulla"),
    "ja": ("はい|ええ|うん|お願い|お願いします|はいお願いします", "いいえ|いや|やめて|結構です"),
    "ko": ("네|예|응|네 부탁해|그래", "아니|아니요|아니오|하지 마"),
    "lt": ("taip|taip prašau|gerai", "ne|ne ačiū"),
    "lv": ("jā|jā lūdzu|labi", "nē|nē paldies"),
    "nb": ("ja|ja takk|ok|greit|gjør det", "nei|nei takk|la være"),
    "nl": (
        "ja|ja graag|ja hoor|jazeker|oké|ok|doe maar|graag",
        "nee|nee dank je|nee bedankt|niet doen",
    ),
    "pl": ("tak|tak proszę|jasne|dobrze|zrób to", "nie|nie dziękuję|nie rób tego"),
    "pt": ("sim|sim por favor|claro|pode|está bem|ok", "não|não obrigado|não obrigada|cancela"),
    "ro": ("da|da te rog|sigur|bine", "nu|nu mulțumesc"),
    "ru": ("да|да пожалуйста|конечно|хорошо|давай", "нет|нет спасибо|не надо|отмена"),
    "sk": ("áno|áno prosím|hej|jasné|dobre", "nie|nie ďakujem"),
    "sl": ("da|ja|da prosim|seveda|v redu", "ne|ne hvala"),
    "sr": ("да|да молим|може|у реду", "не|не хвала|немој"),
    "sr-Latn": ("da|da molim|može|u redu", "ne|ne hvala|nemoj"),
    "sv": ("ja|ja tack|japp|visst|okej|ok|gör det", "nej|nej tack|låt bli"),
    "th": ("ใช่|ครับ|ค่ะ|ตกลง", "ไม่|ไม่ใช่|ไม่ครับ|ไม่ค่ะ"),
    "tr": ("evet|evet lütfen|tamam|olur", "hayır|hayır teşekkürler|olmaz"),
    "uk": ("так|так будь ласка|звісно|добре", "ні|ні дякую|не треба"),
    "vi": ("có|vâng|ừ|được|đồng ý", "không|không cảm ơn"),
    "zh": ("是|是的|好|好的|可以|对|行|係|好啊", "不|不是|不用|不要|不行|不可以|唔係|唔好"),
}
"""By language: yes and no. Those of a region are those of its language. Several of one side may
follow each other: "yes, of course, do it"."""

_POLITE = {"en": "please|thanks|thank you|now"}
"""What may stand beside them, where that is not said with the words themselves."""


@means(YES, NO)
def consent(match: Match) -> Meaning:  # noqa: ARG001
    """Nothing is done for the word alone: it is about what was asked."""
    return Meaning(calls=())


def answer_in(text: str, language: str) -> bool | None:
    """True for a yes, False for a no, None for a text that is neither or says more. None as well
    in a language whose words are not known here; a screen's buttons work in all."""
    known = language if language in _WORDS else language.split("-")[0]
    if known not in _WORDS:
        return None
    said = _folded(text)
    yes, no = _patterns(known)
    return True if yes.fullmatch(said) else False if no.fullmatch(said) else None


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    polite = _POLITE.get(language, "")
    yes, no = (_pattern(words.split("|"), polite.split("|")) for words in _WORDS[language])
    return yes, no


def _pattern(words: list[str], polite: list[str]) -> re.Pattern[str]:
    word = "|".join(re.escape(_folded(each)) for each in words)
    aside = "|".join(re.escape(each) for each in polite if each)
    before = f"(?:(?:{aside}) )*" if aside else ""
    return re.compile(f"{before}(?:{word})(?: (?:{word}{'|' + aside if aside else ''}))*")


def _folded(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).casefold().replace("’", "").replace("'", "")
    # By category: the vowel signs of Indian scripts are no marks, though no letters either.
    plain = (" " if unicodedata.category(one)[0] in "PS" else one for one in composed)
    return " ".join("".join(plain).split())
