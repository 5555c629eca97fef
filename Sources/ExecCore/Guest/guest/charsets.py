"""Text that is not UTF-8: how much of it is not, and what it may be instead.

A guess is made only where it is likely: a wrong one leads to a file that is wrong for good.
"""

import re

# So much of a page is enough to tell.
_SAMPLE = 8192
_SURE = 0.85
_CLOSE = 0.05
# From so many bytes on it is no accident that all are of one kind.
_LONG = 24

# By their names for iconv, with the codecs of Python.
_MULTIBYTE = (("GBK", "gbk"), ("Shift_JIS", "cp932"), ("EUC-JP", "euc_jp"), ("EUC-KR", "cp949"), ("Big5", "cp950"))
# Letters of Western Europe and the signs that word processors put in, but for those that are others elsewhere: in
# Turkish, or on old Macintoshes.
_WESTERN = "[À-ÏÑ-ÖØ-Üß-ïñ-öø-üŒœ€‚„…†‡‰‹›‘’“”•–—™\xa0¡¢£¥§©ª«®°±²³´µ·º»¼½¾¿]"
_CYRILLIC = "[А-Яа-яЁё]"
_SMALL_CYRILLIC = "[а-яё]"
# Nearly half of any text.
_FREQUENT_CYRILLIC = "[аеинот]"
_CJK_SIGNS = frozenset("　、。，！？：；“”‘’《》「」『』（）·…—～％")


def flaws(page):
    """(how many bytes of `page` are not UTF-8, the place of the first); None where all are."""
    try:
        page.decode()
        return None
    except UnicodeDecodeError as error:
        first = error.start
    # Each byte that is no part of a character becomes one of these.
    return len(re.findall("[\udc80-\udcff]", page.decode("utf-8", "surrogateescape"))), first


def guess(page, first):
    """What the text may be in, by the names that iconv knows: one, or two where both are likely, or none.

    `first` is where the page is no UTF-8 for the first time.
    """
    start = max(0, first - _SAMPLE // 4)
    sample = page[start : start + _SAMPLE]
    single = _single_byte(sample)
    if single:
        return [single]
    scores = {name: _score(sample, name, codec) for name, codec in _MULTIBYTE}
    least = max(_SURE, max(scores.values()) - _CLOSE)
    likely = sorted((name for name in scores if scores[name] >= least), key=scores.get, reverse=True)
    # The letters of Korean are all among the frequent ones of Chinese, of which a text of some length has others too.
    if "EUC-KR" in likely and sum(byte > 0x7F for byte in sample) >= _LONG:
        return ["EUC-KR"]
    return likely if len(likely) <= 2 else []


def _single_byte(sample):
    runs = re.findall(rb"[\x80-\xff]+", sample)
    high = sum(map(len, runs))
    small = len(re.findall(rb"[a-z]", sample))
    if high < 3 * small and high <= 2 * len(runs):
        text = _decoded(sample, "cp1252")
        # Single letters between others, and signs: words of other scripts are longer.
        if text is not None and _count(_WESTERN, text) >= 0.95 * high:
            return "Windows-1252"
    # In both the letters of the other case lie where the small ones of one are.
    for name, codec in (("Windows-1251", "cp1251"), ("KOI8-R", "koi8_r")):
        text = _decoded(sample, codec)
        if text and high >= 8 and _count(_CYRILLIC, text) >= 0.95 * high:
            is_text = _count(_SMALL_CYRILLIC, text) >= 0.7 * high
            if is_text and _count(_FREQUENT_CYRILLIC, text) >= 0.3 * high and any(len(run) % 2 for run in runs):
                return name
    return None


def _count(pattern, text):
    return len(re.findall(pattern, text))


def _decoded(sample, codec):
    try:
        return sample.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _score(sample, name, codec):
    """How much of what is not ASCII would be everyday text."""
    text = _decoded(sample, codec)
    # The sample may end within a character.
    if text is None:
        text = _decoded(sample[:-1], codec)
    foreign = [letter for letter in text or "" if letter > "\x7f"]
    if not foreign:
        return 0
    return sum(_EVERYDAY[name](letter) for letter in foreign) / len(foreign)


def _lead(letter, codec):
    try:
        code = letter.encode(codec)
    except UnicodeEncodeError:
        return 0
    return code[0] if len(code) == 2 else 0


def _is_kana(letter):
    return "\u3041" <= letter <= "\u30fe"


_EVERYDAY = {
    # The first of the two levels of characters has those that are frequent.
    "GBK": lambda letter: letter in _CJK_SIGNS or 0xB0 <= _lead(letter, "gb2312") <= 0xD7,
    "Big5": lambda letter: letter in _CJK_SIGNS or 0xA4 <= _lead(letter, "big5") <= 0xC6,
    "Shift_JIS": lambda letter: letter in _CJK_SIGNS or _is_kana(letter) or 0x88 <= _lead(letter, "shift_jis") <= 0x97,
    "EUC-JP": lambda letter: letter in _CJK_SIGNS or _is_kana(letter) or 0xB0 <= _lead(letter, "euc_jp") <= 0xCF,
    "EUC-KR": lambda letter: letter in _CJK_SIGNS or 0xB0 <= _lead(letter, "euc_kr") <= 0xC8,
}
