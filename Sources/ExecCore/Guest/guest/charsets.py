"""Text that is not UTF-8: counts the invalid bytes and guesses the actual encoding.

Guesses only if the result is likely, because a wrong guess can corrupt the file permanently.
"""

import re

# The size of the sample that is enough for a guess, in bytes.
_SAMPLE = 8192
_MIN_SCORE = 0.85
_SCORE_MARGIN = 0.05
# From this many non-ASCII bytes on, it's no coincidence if all of them belong to one kind.
_LONG = 24

# (name for iconv, Python codec)
_MULTIBYTE = (("GBK", "gbk"), ("Shift_JIS", "cp932"), ("EUC-JP", "euc_jp"), ("EUC-KR", "cp949"), ("Big5", "cp950"))
# Western European letters and the signs that word processors insert, except for bytes that mean something else in
# similar encodings: Turkish, or old Macintosh.
_WESTERN = "[À-ÏÑ-ÖØ-Üß-ïñ-öø-üŒœ€‚„…†‡‰‹›‘’“”•–—™\xa0¡¢£¥§©ª«®°±²³´µ·º»¼½¾¿]"
_CYRILLIC = "[А-Яа-яЁё]"
_SMALL_CYRILLIC = "[а-яё]"
# These make up nearly half of any text.
_FREQUENT_CYRILLIC = "[аеинот]"
_CJK_SIGNS = frozenset("　、。，！？：；“”‘’《》「」『』（）·…—～％")


def invalid_bytes(page):
    """Returns (the number of bytes of `page` that aren't valid UTF-8, the offset of the first); None if all are."""
    try:
        page.decode()
        return None
    except UnicodeDecodeError as error:
        first = error.start
    # `surrogateescape` maps each invalid byte to one of these.
    return len(re.findall("[\udc80-\udcff]", page.decode("utf-8", "surrogateescape"))), first


def guess(page, first):
    """Guesses the encoding. Returns the names that iconv accepts: one, or two if both are likely, or none.

    `first`: the offset of the first byte that isn't valid UTF-8.
    """
    start = max(0, first - _SAMPLE // 4)
    sample = page[start : start + _SAMPLE]
    single = _single_byte(sample)
    if single:
        return [single]
    scores = {name: _score(sample, name, codec) for name, codec in _MULTIBYTE}
    least = max(_MIN_SCORE, max(scores.values()) - _SCORE_MARGIN)
    likely = sorted((name for name in scores if scores[name] >= least), key=scores.get, reverse=True)
    # The bytes of Korean letters are all those of frequent Chinese characters too, but a Chinese text of some length
    # also has other characters. So if Korean is likely for a long sample, it is Korean.
    if "EUC-KR" in likely and sum(byte > 0x7F for byte in sample) >= _LONG:
        return ["EUC-KR"]
    return likely if len(likely) <= 2 else []


def _single_byte(sample):
    runs = re.findall(rb"[\x80-\xff]+", sample)
    high = sum(map(len, runs))
    small = len(re.findall(rb"[a-z]", sample))
    if high < 3 * small and high <= 2 * len(runs):
        text = _decoded(sample, "cp1252")
        # Single accented letters among ASCII, and signs: other scripts have longer runs of non-ASCII bytes.
        if text is not None and _count(_WESTERN, text) >= 0.95 * high:
            return "Windows-1252"
    # The two encodings swap upper and lower case: small letters in one are capitals in the other.
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
    """Returns the share of the non-ASCII characters that are common in everyday text of this encoding."""
    text = _decoded(sample, codec)
    # The sample may end in the middle of a character.
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
    # The ranges are level 1 of the character sets, which holds the frequent characters.
    "GBK": lambda letter: letter in _CJK_SIGNS or 0xB0 <= _lead(letter, "gb2312") <= 0xD7,
    "Big5": lambda letter: letter in _CJK_SIGNS or 0xA4 <= _lead(letter, "big5") <= 0xC6,
    "Shift_JIS": lambda letter: letter in _CJK_SIGNS or _is_kana(letter) or 0x88 <= _lead(letter, "shift_jis") <= 0x97,
    "EUC-JP": lambda letter: letter in _CJK_SIGNS or _is_kana(letter) or 0xB0 <= _lead(letter, "euc_jp") <= 0xCF,
    "EUC-KR": lambda letter: letter in _CJK_SIGNS or 0xB0 <= _lead(letter, "euc_kr") <= 0xC8,
}
