"""Names: when two spellings are one name, and which spans of a free text can be one.

Two spellings are one name when :func:`name_key` gives the same key. Case, accents, the kind of dash, Greek
letters written as signs or words, and hyphens or spaces between letters and digits do not count, so
``TNF-α``, ``tnf alpha`` and ``TNFalpha`` are one name, and the British ``sulph`` is ``sulf``. Brackets, commas, primes
and signs do count.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator

from biomed_agent.core.common_words import SYMBOL_WORDS

GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψωϵϑ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
        "upsilon phi chi psi omega epsilon theta".split(),
        strict=True,
    )
)
SIGNS = str.maketrans({**dict.fromkeys("‐‑‒–—−", "-"), **dict.fromkeys("’‘′`´", "'"), "ς": "σ"})
_GREEK_IN_DOTS = re.compile(r"\.(alpha|beta|gamma|delta|epsilon|omega)\.")
_JOINT = re.compile(r"(?<=[\w)\]'+])-(?=[\w(\[])")
WEAK_WORDS = frozenset(
    "acetate acid alcohol aluminium aluminum ammonium antimony argon arsenic barium bicarbonate bismuth boron "
    "bromide bromine cadmium calcium carbon carbonate cesium chloride chlorine chromium cobalt copper ether "
    "fluoride fluorine formate gold graphite helium hydrogen hydroxide indigo iodide iodine iron krypton lead "
    "lithium magnesium manganese mercury neon nickel nitrate nitrite nitrogen oxygen palladium phosphate "
    "phosphorus platinum potassium radium radon retinal selenium silica silicon silver sodium steam sugar sulfate "
    "sulfite sulfur sulphur tin titanium tungsten uranium water xenon zinc".split()
)
"""Elements, ions and everyday substances: a text names them without asking about the compound, unless its phrase says
so (``the mass of water?``)."""

_WORD = re.compile(r"[^\W_]+")
_BREAK = re.compile(r"[,;:.?!]\s|[\n\"“”|<>=@#\\\\]|[.?!]$")
_SIGN_IN_FRONT = re.compile(r"\([+\-−±]{1,3}\)-?$")
_LEFT_ALLOWED = frozenset("anti non pre post pro co ex type".split())
_RIGHT_ALLOWED = re.compile(
    r"(\w+(ed|ing|ant|ent|ive|free|like|null|based|bound|rich|type|only|naive|specific)|\w*mut\w*|KO|WT|CoV|Cas)\b"
)
CONTEXT_CHARS = 40
"""Letters on either side of a span that are looked at."""
MAX_NAME_WORDS = 12
"""Words (runs of letters and digits) of the longest name that is looked for in a text."""


def spaced_key(name: str) -> str:
    """Return ``name`` folded, its inner hyphens turned to spaces: ``COX-2`` and ``cox 2`` become ``cox 2``."""
    if name.isascii() and "`" not in name and "." not in name:  # the usual case, ten times as fast
        text = name.lower().replace("sulph", "sulf")
        return " ".join((_JOINT.sub(" ", text) if "-" in text else text).split())
    text = name.replace("®", "").replace("™", "").translate(SIGNS)
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter)).translate(SIGNS)
    text = "".join(GREEK.get(letter, letter) for letter in text)
    text = _GREEK_IN_DOTS.sub(r"\1", text).replace("sulph", "sulf")
    return " ".join(_JOINT.sub(" ", text).split())


def name_key(name: str) -> str:
    """Return the key under which a name is stored: :func:`spaced_key` without the spaces."""
    return spaced_key(name).replace(" ", "")


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a text that can be a name, longest first at each word.

    A span starts and ends at the edge of a word (a run of letters and digits), may take in a bracket that belongs to
    it (``(S)-ibuprofen``) or a sign (``NAD+``), crosses no end of a phrase, and is no piece of a longer chemical name:
    ``benzoic acid`` in ``2-(acetyloxy)benzoic acid`` or ``glucose`` in ``glucose-6-phosphate`` is not yielded.
    """
    words = list(_WORD.finditer(text))
    breaks = [match.start() for match in _BREAK.finditer(text)]
    for first, word in enumerate(words):
        start = word.start()
        loose: dict[int, bool] = {}
        later = bisect_right(breaks, start)
        limit = breaks[later] if later < len(breaks) else len(text)
        for last in range(min(first + MAX_NAME_WORDS, len(words)) - 1, first - 1, -1):
            end = words[last].end()
            if end > limit:
                continue
            for left, right in _bracketed(text, start, end):
                if left not in loose:
                    loose[left] = _loose_left(text, left)
                if loose[left] and _loose_right(text, right):
                    yield left, right


def _bracketed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a span widened by what belongs to it, widest first: ``(-)-``, a closing bracket, a plus sign."""
    if start and text[start - 1] in "-)" and (prefix := _SIGN_IN_FRONT.search(text[max(0, start - 6) : start])):
        yield start - len(prefix[0]), end
    inside = text[start:end]
    unclosed = inside.count("(") + inside.count("[") - inside.count(")") - inside.count("]")
    if unclosed < 0 and start and text[start - 1] in "([":
        start -= 1
    elif unclosed > 0 and text[end : end + 1] in (")", "]"):
        end += 1
    if text[end : end + 1] == "+":
        yield start, end + 1
    yield start, end


def _loose_left(text: str, start: int) -> bool:
    """Tell whether nothing on the left is glued to the span."""
    before = text[max(0, start - CONTEXT_CHARS) : start]
    if not before or before[-1].isspace() or before[-1] in "/\"“‘„'—–":
        return not re.search(r"\w'$", before)
    if before[-1] in "([":
        return len(before) == 1 or not re.search(r"[\w)\]\-]", before[-2])
    if before[-1] == "-":
        glued = re.search(r"([^\W\d_]+)-$", before)
        return glued is not None and glued[1].lower() in _LEFT_ALLOWED
    return False


def _loose_right(text: str, end: int) -> bool:
    """Tell whether nothing on the right is glued to the span."""
    after = text[end : end + CONTEXT_CHARS]
    if not after or after[0].isspace() or after[0] in '/"”?!;:)]—–':
        return True
    if after[0] in ".,":
        return len(after) == 1 or not after[1].isalnum()
    if after[0] in "'’":
        return re.match(r"['’](s\b|\W|$)", after) is not None
    if after[0] == "-":
        return _RIGHT_ALLOWED.match(after, 1) is not None or not re.match(r"-\w", after)
    return after[0] == "("


def singular(word: str) -> str:
    """Return a word without the ``s`` of a plural; the word itself when it has none."""
    plural = len(word) > 4 and re.search(r"[a-z0-9]s$", word) and not word.endswith(("ss", "us", "is"))
    return word[:-1] if plural else word


def fits(text: str, shown: str) -> bool:
    """Tell whether a span of a text means the stored name ``shown``.

    Word breaks must agree where either has a space (``as a`` is not ``ASA``, ``proteins`` is not ``protein S``), short
    symbols must agree in case (``cat`` is not ``CAT``, ``eGFR`` is not ``EGFR``) unless a digit tells them from words
    (``P53`` is ``p53``), common English words count only in the capitals of a symbol.
    """
    if " " in text and spaced_key(text) != spaced_key(shown):
        return False
    if " " in shown and not re.search(r"[ -]", text):
        return False
    if text.lower() in SYMBOL_WORDS:
        return text == shown and not text.islower() and len(text) > 1
    letters, written = (name.replace("-", "").replace(" ", "") for name in (shown, text))
    if not any(letter.isalpha() for letter in letters) or len(letters) < 2:
        return False
    if _HYPHENATED.fullmatch(text) or (len(letters) > 4 and written[0].isupper() and _capitals(written) > 1):
        return name_key(text) == name_key(shown)  # B-Raf, c-Met, MerTK, TNF-α
    one_case = written.islower() or written.isupper()
    if _NUMBERED.fullmatch(letters) and " " not in text:
        return written == letters or one_case
    if len(letters) <= 3 or _MIXED.fullmatch(letters):
        return written == letters or (letters.isupper() and written == letters.title() and len(letters) == 3)
    if len(letters) <= 5 and letters.isalpha():
        return written == letters or one_case or written in _USUAL
    return True


_HYPHENATED = re.compile(r"[A-Za-z]-[A-Z][a-z]{2,3}")
_MIXED = re.compile(r"[a-z]{2,3}[A-Z]\d?")
"""Bacterial genes (``lamB``) count only as they are written."""
_NUMBERED = re.compile(r"[Pp]\d\d|[A-Za-z]{2}\d|\d[A-Za-z]{2}")
"""``p53``, ``IL-6``, ``5-FU``: no word, in capitals or small letters; but not ``X25``, which may be a number."""
_USUAL = frozenset({"cMYC", "mTOR"})
"""Usual spellings of names that are stored in other capitals."""


def _capitals(text: str) -> int:
    return sum(letter.isupper() for letter in text)


def asked_about(text: str, start: int, end: int) -> bool:
    """Tell whether a phrase asks about the compound of a weak word: ``the mass of water?``, not ``iron levels``."""
    before = re.search(
        r"\b(of|for|about|is|are|does|do|name|compound|describe)\s+(the\s+)?$", text[:start], re.IGNORECASE
    )
    after = re.match(r"\s*($|[?.!,;)]|(and|or|have|has|contain|dissolve|versus|vs)\b)", text[end:])
    return before is not None and after is not None


_ENZYMES = (
    "kin|synth|synthet|reduct|oxid|peroxid|transfer|hydrol|hydroxyl|dehydrogen|dehydrat|prote|peptid|protein|phosphat"
    "|phosphoryl|ester|cycl|isomer|racem|epimer|lig|ly|mut|nucle|polymer|oxygen|deamin|amin|transamin|decarboxyl|carboxyl"
    "|anhydr|lip|phospholip|amyl|lactam|glycosid|glucosid|galactosid|glucuronid|sulfat|sulfotransfer|helic|topoisomer|gyr"
    "|integr|transcript|casp|catal|aldol|enol|argin|asparagin|glutamin|ure|elast|collagen|convert|secret|deacetyl|acetyl"
    "|methyl|demethyl|permeas|perme|translocas|transloc|flipp|disulfid|dismut|desatur|thiol|hydrat|inv|tryptas|trypt|chym"
)
_PROTEIN_NOUN = re.compile(
    r" (?:(?!(?:an?|the|and|or|of|is|in|by|with|for|to|on|at|as|bind|block|inhibit|target|hit|decrease|increase)s?\b)"
    r"\w+[ -]){0,2}(?:receptors?|transporters?|channels?|pumps?|carriers?|exchangers?"
    rf"|[a-z]*(?:{_ENZYMES})ases?(?! (?:inhibitor|inhibition|selectivity|profile|panel|target|binding|assay)))\b"
)
"""A noun that makes a protein of the compound before it; enzymes by the stems of their names, for many words end so."""


def names_a_protein(after: str) -> bool:
    """Tell whether the words after a compound's name turn it into a protein (``dopamine transporter``)."""
    return _PROTEIN_NOUN.match(after) is not None


def one_edit_away(key: str) -> set[str]:
    """Return every key that differs in one letter or digit inserted, deleted, replaced or swapped."""
    pairs = [(key[:i], key[i:]) for i in range(len(key) + 1)]
    keys = {left + right[1:] for left, right in pairs}
    keys |= {left + right[1] + right[0] + right[2:] for left, right in pairs if len(right) > 1}
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        keys |= {left + letter + right for left, right in pairs}
        keys |= {left + letter + right[1:] for left, right in pairs}
    return keys


def edit_distance(word: str, other: str) -> int:
    """Return the number of letters to insert, delete, replace or swap with their neighbour to turn one into the other.

    This is the optimal string alignment distance (restricted Damerau-Levenshtein).
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        before, last, row = row, before, [i, *[0] * len(other)]
        for j, target in enumerate(other, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == target:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]


_CHEMICAL_END = re.compile(
    r"[a-z](?:[^aeiou]ol|[aeiou]?[^aeiou]ine|ide|oate|ate|ite|one|ane|ene|yne|yl|ose|azole|oxide|acid|mab|nib|illin|mycin"
    r"|statin|parin|irin|oxin)$"
)


def looks_chemical(name: str) -> bool:
    """Tell whether a name is written like a compound's: a digit, several words, or a chemist's ending.

    Depositors list trade names such as ``Storm`` and ``Target`` among the synonyms of PubChem; in a free text those are
    words.
    """
    return bool(re.search(r"\d|[^\W\d_]-|\s", name)) or (len(name) > 6 and bool(_CHEMICAL_END.search(name.lower())))
