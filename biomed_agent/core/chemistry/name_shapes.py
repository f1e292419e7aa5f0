"""Where a free text holds a systematic name, by the shape of its words; whether it is one, only OPSIN can tell.

A word of a name has locants and brackets, and between them little but syllables of nomenclature
(``2-[[(2S)-...]amino]propanoic``), or it has none and is built as plain names are (``dimethylpropanamide``). A name is
a run of such words with ions and classes beside them (``sodium``, ``acid``). Where it may begin later or end sooner,
each possibility is a candidate, the longest first, so that one call of :func:`.nomenclature.structures_of` decides.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

MAX_WORDS = 8
"""words of one name; ``sodium (2S)-2-amino-3-phenylpropanoate hydrochloride`` has three"""
MAX_SPANS = 200
"""candidates of one text; a question has two or three, a list pasted into one has more"""
MAX_CHUNK = 60
"""letters between two signs of a word of a name; longer ones are sequences"""
MIN_SHARE = 0.8
"""of the letters of a word with locants that syllables of nomenclature must cover"""

# Syllables as they stand inside names; what is shorter than three letters only joins them.
_SYLLABLES = frozenset(
    """
abeo acenaphth acet acetam acetoxy acetyl acid acridin acryl adamant adenin adenos adien adip alan aldehyd alk allo
allyl altro amid amide amidin amin amine amino ammon ammonio amyl androst ane anhydro anilin anilino anisid anisol
anoic anoyl anthra anthracen anthranil anyl arabino arachid argin aric ars arsan asparag aspart ate atrien aza azan
azanid azanium azepan azepin azetidin azid azido azin aziridin azirin azirino azo azocan azocin azol azolo azoni
azonia azonin azulen benz benzen benzeno benzhydr benzimidazol benzo benzofuran benzoyl benzyl bicyclo biphenyl bis
bism bor bora borinan bornan borol boron borono brom bromid bromo but butoxy butyl butyr capr carb carbal carbam
carbamo carbazol carbolin carbon carbonyl carbox carboxy caroten ceph cephem chalcon chlor chlorid chloro chol cholest
chroman chromen chromeno chrysen cinnam cinnolin citr contahect contan corrin cos coumarin cresyl croton cuban cyan
cyanat cyano cyclo cyclohepta cyclopenta cyste cystin cytidin cytosin dec deca decyl deoxy deuter deuterio dial diaz
diaza diazen diazepan diazepin dien diol dione dioxa dioxan dioxin dioxol dioxolan dispiro dithia dithian diyl diyn
docos dodec dodecyl eicos enal enamide ene enoate enoic enone enoyl enyl epi epoxy ergolin ergost erythro estr eth
ethano ethoxy ethyl flav flavon fluor fluoren fluorid fluoro form formyl fructo fuc fumar fur furan furfur furo
galacto galactos gall germ german gluco glucon glucos glucur glutam glutar glyc glycer glycol gon guanid guanin guanos
gulo hemi henicos hept hepta heptacyclo heptadec heptyl hex hexa hexacyclo hexadec hexol hexyl hippur histid homo
hydantoin hydrat hydraz hydrazid hydrazin hydrazon hydrid hydro hydrobrom hydrochlor hydron hydroperoxy hydroxy
hydroxyl icos ide iden ido idyn ile imid imidazo imidazol imidazolidin imido imin imine imino indacen indan indazol
inden indeno indol indolo ine inosin inosit iod iodid iodo iso isochromen isocyan isoindol isoleuc isophthal
isoquinolin isothiazol isoxazol ite ium lact lactam lacton lambda laur leuc linole lithium lupan lupano lyl lys lyxo
male malon manno mannos mercapto mesyl meta meth methano methion methoxy methyl mono morphin morpholin myrist naphth
naphthal naphthalen naphtho naphthyridin neo nicotin nitr nitril nitrile nitrit nitro nitros nitroso non nona nonadec
nonyl nor norborn norleuc norval oate oct octa octacyclo octadec octyl oic olate ole olean one onic ornith ortho ose
osid oxa oxadiazol oxal oxan oxaza oxazin oxazol oxazolidin oxazolo oxepan oxepin oxetan oxid oxidan oxidanium oxido
oxime oxiran oxiren oxireno oxo oxocan oxocin oxolan oxonia oxy oxyl oyl palmit para penam pent penta pentacyclo
pentadec pentol pentyl perfluoro peri peroxid phen phenanthr phenanthren phenanthrolin phenazin phenol phenothiazin
phenoxazin phenoxy phenyl phenylalan phosph phospha phosphan phosphat phosphol phosphon phosphono phosphor phosphoryl
phthal phthalazin picen picolin pimel piperazin piperid piperidin piperon plumb porphyrin potassium pregn prol prop
propargyl propion propoxy propyl prost pteridin purin purino pyran pyrano pyrazin pyrazino pyrazol pyrazolo pyren
pyrid pyridazin pyridin pyrido pyrimidin pyrimido pyrrol pyrrolidin pyrrolo pyruv quinazolin quinol quinolin quinolino
quinon quinoxalin quinuclidin retin rhamn ribo salicyl sarcos sebac sec seco selan selen selena seleno selenophen ser
sil sila silan silox silyl sodium spiro stann stannan stear stib stigmast styren suber succin sulf sulfam sulfamo
sulfan sulfanyl sulfat sulfen sulfin sulfino sulfinyl sulfo sulfon sulfonyl sulfox talo tartar taur tellur terephthal
tert tetra tetracos tetracyclo tetradec tetraen tetrakis tetraoxa tetraza tetrazin tetrazol tetrazolo tetrol thenyl
thia thiadiazol thian thiaza thiazin thiazol thiazolo thien thieno thiepan thiepin thietan thiiran thio thiol thiolan
thiolate thion thionia thiophen thiopyran thioxanthen threo threon thymin tolu toluen toluid tolyl tosyl tri triacont
triaza triazin triazol triazolo tricos tricyclo tridec trien trifl triol trione trioxa tris triti trityl triyl tropan
tryptoph tryptophan tyros uid uide undec uracil ure urea ureido uridin uron ursan val valer vanil veratr vinyl xanthen
xanthin xylen xylo xylyl yl ylam ylate ylidene ylidin ylidyne ylium ylox ynal ynamide yne ynoic ynol ynone ynyl
""".split()
)
_JOINTS = frozenset("an en yn yl ol al on ic in ox az id at im am ur di bi ter o a e i y n d t".split())
_LONGEST = max(map(len, _SYLLABLES))

# Plain names, without locants: substituents before a parent.
_MULTIPLIER = r"(?:mono|di|tri|tetra|penta|hexa|hepta|octa|nona|deca|bis|tris)?"
_CHAIN = (
    r"(?:meth|eth|prop|but|pent|hex|hept|oct|non|(?:un|do|tri|tetra|penta|hexa|hepta|octa|nona)?dec|(?:e?i|hen|do|tri|"
    r"tetra|penta|hexa|hepta|octa|nona)cos|(?:hen|do|tri|tetra)?triacont|tetracont)"
)
_SUBSTITUENT = (
    rf"{_MULTIPLIER}(?:(?:cyclo|iso|neo|tert-?|sec-?)?{_CHAIN}(?:yl|en-?yl|yn-?yl|oxy|anoyl|ylidene|ylthio|ylamino|"
    r"ylsulfanyl|ylsulfonyl|ylsulfinyl)|iso(?:propenyl|propoxy)|phenyl|benzyl|phosphono|phosphonooxy|phenoxy|benzoyl|benzyloxy|tolyl|naphthyl|"
    r"pyridyl|furyl|thienyl|vinyl|allyl|acetyl|formyl|acetoxy|acetamido|hydroxy|oxo|thioxo|amino|imino|anilino|nitro|"
    r"nitroso|chloro|bromo|fluoro|iodo|cyano|azido|carboxy|mercapto|sulfanyl|sulfo|hydro|perfluoro|deutero|silyl|oxy|thio)"
)
_SUFFIX = (
    r"(?:e|ol|al|one|amine|imine|amide|oic|oate|oyl|yl|amidine|ium|ide|ohydrazide|aldehyde|e?(?:nitrile|thiol|dioic|"
    r"dioate|dioyl|diol|dione|dial|diamine|triol|tetrol|dinitrile|diamide|dithiol|sulfonic|sulfinic|sulfonate|"
    r"sulfonamide|trione|triamine))"
)
_SKELETON = rf"(?:cyclo)?{_CHAIN}(?:an|en|yn|adien|atrien|adiyn|enyn){_SUFFIX}"
_CYCLIC_SUFFIX = (
    r"carboxylic|carboxylate|carboxamide|carbonitrile|carbaldehyde|carbonyl|sulfonic|sulfonate|sulfonamide|"
    r"carboximidamide|methanol|thiol"
)
_AROMATIC = (
    r"(?:benzene|toluene|xylene|styrene|aniline|anisole|phenol|naphthalene|anthracene|phenanthrene|fluorene|pyrene|"
    r"biphenyl|indene|indane|azulene|pyridine|pyridazine|pyrimidine|pyrazine|pyrrole|pyrrolidine|piperidine|piperazine|"
    r"morpholine|pyrazole|imidazole|indole|isoindole|indazole|quinoline|isoquinoline|quinoxaline|quinazoline|purine|"
    r"carbazole|acridine|phenazine|phenothiazine|furan|benzofuran|thiophene|benzothiophene|benzimidazole|benzothiazole|"
    r"benzoxazole|oxazole|isoxazole|thiazole|triazole|tetrazole|triazine|oxirane|oxetane|oxolane|oxane|dioxane|dioxolane|"
    r"aziridine|azetidine|azepane|thiolane|thiane|adamantane|norbornane|chromene|chromane|coumarin|xanthene|hydrazine|"
    r"urea|thiourea|guanidine|silane|siloxane|phosphine|phosphane|borane|stannane|germane|hydroxylamine|azane|sulfane|"
    r"ammonium|azanium|acetone|acetophenone|benzophenone|ketone|ether|amine|sulfide|sulfone|sulfoxide|peroxide)"
)
_ACYL = (
    r"(?:benz|naphtho|form|acet|propion|butyr|isobutyr|valer|isovaler|pival|capro|capryl|laur|myrist|palmit|stear|ole|"
    r"linole|acryl|methacryl|croton|oxal|malon|succin|glutar|adip|pimel|suber|azela|sebac|male|fumar|lact|glycol|pyruv|"
    r"tartar|citr|mal|salicyl|cinnam|nicotin|isonicotin|phthal|terephthal|isophthal|anthranil|mandel|carbam|carbon|"
    r"phosphor|phosphon|sulfur|sulfam|nitr|bor|glutam|aspart)"
)
_ACYLIC = rf"{_ACYL}(?:o?ic|o?ate|amide|anilide|onitrile|aldehyde|o?yl|imidate|imidamide|hydrazide)"
_PLAIN = re.compile(
    rf"(?:{_SUBSTITUENT})*(?:{_SKELETON}|{_AROMATIC}(?:{_CYCLIC_SUFFIX})?|{_ACYLIC}|"
    rf"cyclo{_CHAIN}ane(?:{_CYCLIC_SUFFIX})|benzene(?:{_CYCLIC_SUFFIX}))"
)
_PREFIXES = re.compile(rf"(?:{_SUBSTITUENT})+")
_CATION = re.compile(
    r"(?:di|tri|tetra|penta|hexa)?(?:lithium|sodium|potassium|rubidium|cesium|caesium|magnesium|calcium|strontium|barium|"
    r"zinc|silver|copper|iron|nickel|cobalt|manganese|chromium|cadmium|mercury|platinum|palladium|gadolinium|titanium|"
    r"bismuth|alumin(?:i)?um|ammonium|azanium|hydron|azane|oxidane)(?:\((?:\d\+|I{1,3}|IV|VI?)\)?)?"
)
_CLASSES = frozenset(
    """
acid anhydride ether ketone ester alcohol amine oxide sulfoxide sulfone sulfide disulfide peroxide hydroperoxide oxime
hydrazone semicarbazone imine chloride bromide iodide fluoride cyanide azide isocyanate isothiocyanate thiocyanate
cyanate hydrochloride dihydrochloride trihydrochloride hydrobromide dihydrobromide hydroiodide hydrate monohydrate
hemihydrate dihydrate trihydrate tetrahydrate pentahydrate hexahydrate sulfate hydrogensulfate nitrate phosphate
diphosphate triphosphate carbonate bicarbonate hydrogen dihydrogen sulfite nitrite hydroxide dichloride trichloride
tetrachloride dibromide diiodide dioxide glycol hydride perchlorate borate
""".split()
)
"""words of names of several words; alone they are classes or ions"""
_OF_ACIDS = ("acid", "anhydride")
_ALONE = frozenset(
    """
amine imine ketone ether sulfide sulfone sulfoxide peroxide ammonium azanium phenol amide phosphine silane carbonyl
carboxylic benzyl phenyl acetyl benzoyl formyl carbonate phosphate acetate formate nitrate sulfonate phosphonate borate
citrate tartrate maleate fumarate succinate lactate malate oxalate malonate glutamate aspartate carbamate nicotinate
nitric boric carbonic phosphoric sulfuric carbamic sulfamic hydrazine urea guanidine
""".split()
)
"""plain words that name a group, an ion or what every index of names knows; a name only beside other words"""
_GROUP_ENDS = re.compile(
    r"(?:yl|ylidene|ylidyne|oxy|oyl|amino|imino|oxo|nitro|hydroxy|chloro|bromo|fluoro|iodo|cyano)\)*$"
)
"""ends of substituents, which are no molecules without another word"""

_WORD = re.compile(r"\S+")
_NEVER = re.compile(r"[=#@\\<>|_&%!?*\"“”«»/$£€]|::|\.[.A-Za-z]")
"""signs of SMILES, addresses and prose; within a name they do not occur"""
_OPEN, _CLOSE = "([{", ")]}"
_PAIRS = dict(zip(_CLOSE, _OPEN, strict=True))
_BEFORE, _BEHIND = "\"'“‘’«`*", "\"”’»`*.,;:!?…'"
_ENDS = frozenset('.,;:!?…"”»')
_CHUNK = re.compile(r"[A-Za-z]+")
_LOCANT = re.compile(
    r"(?<![A-Za-z])(?:\d+['’′]*[a-z]{0,2}[HRSEZ]{0,2}['’′]*|NE|NZ|[A-Za-z]['’′]*\d*|RS|SR|DL|rac|rel|cis|trans|endo|exo|syn|anti|alpha|"
    r"beta|gamma|delta|epsilon|omega|lambda|tert|sec|ortho|meta|para|as)(?![A-Za-z])"
)
_HAS_LOCANT = re.compile(
    r"\d+[a-zA-Z]{0,2}['’′]*[-\]]|-\d|\d+H-|"
    r"^\(?(?:[NOSPDLEZRSnptmo]|DL|cis|trans|tert|sec|alpha|beta|gamma|ortho|meta|para|[αβγ])['’′]*(?:,[NOS]['’′]*)*\)?-|"
    r"\((?:E|Z|R|S|\d+[a-z]*[RSEZ])[,)]|[)\]]-?[a-z]{2}|lambda\d"
)


class Part(IntEnum):
    """What a word may be in a systematic name."""

    NONE = 0
    PREFIX = 1
    """of an ester or ether: ``ethyl``"""
    ION = 2
    CLASS = 3
    NAME = 4
    """built like a name, without locants"""
    LOCANTS = 5
    """with locants or brackets between its syllables"""


class _Word(NamedTuple):
    start: int
    end: int
    part: Part
    text: str
    begins: bool
    """whether a quotation mark stands before it"""
    ends: bool
    """whether a punctuation mark stands behind it"""


def name_spans(text: str) -> list[tuple[int, int]]:
    """Return where a text may hold systematic names.

    Args:
        text: A question or a sentence.

    Returns:
        Start and end (not included) of each candidate; places in the order of the text, and of one place, where
        candidates overlap, the longest first: the first that OPSIN reads is the name. Ordinary words, SMILES, CAS
        numbers, identifiers, genes and sequences are none.
    """
    spans: list[tuple[int, int]] = []
    run: list[_Word] = []
    for match in _WORD.finditer(text):
        word = _word(text, match.start(), match.end())
        if word.part == Part.NONE or word.begins or len(run) >= MAX_SPANS:
            spans += _candidates(text, run)
            run = []
        if word.part != Part.NONE:
            run.append(word)
            if word.ends:
                spans += _candidates(text, run)
                run = []
        if len(spans) >= MAX_SPANS:
            return spans[:MAX_SPANS]
    return (spans + _candidates(text, run))[:MAX_SPANS]


@lru_cache(maxsize=1024)
def looks_systematic(name: str) -> bool:
    """Whether a whole text looks like one systematic name, so that it is worth asking OPSIN about it."""
    stripped = name.strip()
    return (0, len(stripped)) in name_spans(stripped)


def _word(text: str, start: int, end: int) -> _Word:
    """Read the word between two places of a text, without the marks around it."""
    begins = ends = False
    while start < end and text[start] in _BEFORE:
        start, begins = start + 1, True
    while end > start and text[end - 1] in _BEHIND:
        if text[end - 1] in "'’" and _HAS_LOCANT.search(text[start:end]) and text[end - 2].isdigit():
            break
        ends, end = ends or text[end - 1] in _ENDS, end - 1
    if text[start:end].endswith(("'s", "’s")):
        end, ends = end - 2, True
    word = text[start:end]
    return _Word(start, end, _part(word), word, begins, ends)


@lru_cache(maxsize=8192)
def _part(word: str) -> Part:
    """Return what a word may be; of parts joined by ``;`` the most telling."""
    if len(word) < 2 or _NEVER.search(word) or not any("a" <= letter <= "z" for letter in word):
        return Part.NONE
    kinds = [_kind(part) for part in word.split(";")]
    if Part.NONE in kinds:
        return Part.NONE
    return max(*kinds, Part.NAME) if len(kinds) > 1 else kinds[0]  # 'calcium;dichloride' is a whole name


def _kind(word: str) -> Part:
    bare = word.strip("()[]{}")
    plain = bare[:1].lower() + bare[1:]
    if _CATION.fullmatch(plain):
        return Part.ION
    if plain in _CLASSES:
        return Part.CLASS
    if len(plain) <= MAX_CHUNK:
        if _PREFIXES.fullmatch(plain):
            return Part.PREFIX
        if _PLAIN.fullmatch(plain):
            return Part.NAME
    return Part.LOCANTS if _HAS_LOCANT.search(word) and _is_covered(word) else Part.NONE


def _is_covered(word: str) -> bool:
    """Whether most of what stands between the locants and signs of a word are syllables of nomenclature."""
    letters = covered = longest = 0
    for match in _CHUNK.finditer(_LOCANT.sub(" ", word)):
        chunk = match[0]
        if len(chunk) > MAX_CHUNK:
            return False
        if len(chunk) == 1:  # locants of fused rings: [2,3-d]
            continue
        if not chunk[1:].islower():
            return False
        share, long = _coverage(chunk.lower())
        letters, covered, longest = letters + len(chunk), covered + share, max(longest, long)
    return longest >= 3 and covered >= MIN_SHARE * letters


@lru_cache(maxsize=8192)
def _coverage(chunk: str) -> tuple[int, int]:
    """Return how many letters syllables cover at best, and how many those of three or more letters do."""
    best = [(0, 0)] * (len(chunk) + 1)
    for end in range(1, len(chunk) + 1):
        choices = [best[end - 1]]
        for length in range(1, min(_LONGEST, end) + 1):
            piece, (covered, long) = chunk[end - length : end], best[end - length]
            if length >= 3 and piece in _SYLLABLES:
                choices.append((covered + length, long + length))
            elif length < 3 and piece in _JOINTS:
                choices.append((covered + length, long))
        best[end] = max(choices)
    covered, long = best[-1]
    # 'pent-2-en-1-yl': what stands alone between locants may be short; a longer run of joints alone is no name.
    return (covered, long) if 5 * long >= 2 * len(chunk) or len(chunk) <= 3 else (long, long)


def _candidates(text: str, run: list[_Word]) -> list[tuple[int, int]]:
    """Return the candidates within a run of words, the longest first."""
    found: dict[tuple[int, int], None] = {}
    for first in range(len(run)):
        for last in range(first, min(first + MAX_WORDS, len(run))):
            if _may_be_name(run[first : last + 1]):
                span = _trimmed(text, run[first].start, run[last].end)
                if span[1] > span[0]:
                    found[span] = None
    return sorted(found, key=lambda span: (span[0] - span[1], span[0]))


def _may_be_name(words: list[_Word]) -> bool:
    """Whether words may be one name: with a parent in it, or ions or prefixes and a class behind them."""
    parts = [word.part for word in words]
    last = words[-1].text
    if parts[0] == Part.CLASS or parts[-1] in (Part.ION, Part.PREFIX) or (parts[-1] != Part.CLASS and _ends_open(last)):
        return False
    if len(words) == 1:
        return parts[0] >= Part.NAME and last.strip("()[]").lower() not in _ALONE
    # 'methyl ethyl ketone', 'sodium chloride'; but 'amino acid' is a class.
    bound = all(word.part != Part.PREFIX or word.text.endswith("yl") for word in words)
    return max(parts) >= Part.NAME or (parts[-1] == Part.CLASS and bound and last not in _OF_ACIDS)


def _ends_open(word: str) -> bool:
    return bool(_GROUP_ENDS.search(word)) and not word.endswith(("biphenyl", "terphenyl"))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out the brackets of the text around a name: those without a partner, and a pair around all of it."""
    while True:
        partners = _partners(text, start, end)
        if start < end and text[start] in _OPEN and (start not in partners or partners[start] == end - 1):
            end -= partners.get(start) == end - 1
            start += 1
        elif end > start and text[end - 1] in _CLOSE and end - 1 not in partners.values():
            end -= 1
        else:
            return start, end


def _partners(text: str, start: int, end: int) -> dict[int, int]:
    """Return the place of the closing bracket of each opening one that has its partner."""
    partners, open_at = {}, []
    for place in range(start, end):
        if text[place] in _OPEN:
            open_at.append(place)
        elif text[place] in _CLOSE and open_at and text[open_at[-1]] == _PAIRS[text[place]]:
            partners[open_at.pop()] = place
    return partners
