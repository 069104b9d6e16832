"""Passwords that everybody tries first, and what people make of them to please a password policy.

`Password1!`, `P@ssw0rd` and `Summer2026!` have a capital, a digit and a symbol each. What is looked up is the word
in the middle, without the disguise.
"""

import re
from typing import Final

# The words behind the lists of passwords most often found in breaches; no list was copied.
_TEXT: Final = """
    abcabc abcd abcdef abcdefg abcdefgh access account admin administrator adobe alexander amanda amazon america andrea
    andrew angel angela anthony apple april ashley asdasd asdf asdfasdf asdfgh asdfghjkl august austin azerty babygirl
    bailey banana barcelona baseball basketball batman beautiful birthday biteme blahblah blink brandon buster
    butterfly changeit changeme changethis charlie cheese chelsea chicken chocolate cisco company computer
    contrasena cookie corvette cowboy daniel database december default demo diamond dolphin donald dragon eagle
    elizabeth england everton facebook falcon family february ferrari flower football forever freedom friday friend
    friends fuckyou gandalf george ginger girls google guest hallo hannah harley hello helloworld hockey honda hunter
    iloveyou iloveu internet jackson january jasmine jennifer jessica jesus jordan joshua july june junior justin killer
    kitty letmein letmeinn linkedin liverpool login london love lovely loveme lovers maggie manager manchester march
    marina master matrix matthew maverick mercedes merlin michael michelle microsoft midnight monday monkey monster
    morgan mother motdepasse mustang mynoob naruto newpass newpassword nicole ninja nothing november october office
    oracle orange parola pass passme passpass passphrase passw passwd password passwort patrick pepper
    pokemon postgres princess private purple qazwsx qazwsxedc qqww qwer qwert qwertz qwerty qwertyui qwertyuiop
    qweasd qweasdzxc rainbow ranger root runner samantha samsung sandra saturday secret secure security senha september
    server shadow silver slipknot snoopy soccer solo sommer sophie spiderman spring starwars startrek steven student
    summer sunday sunflower sunshine super superman superuser support sweet sweety sysadmin system taylor temp
    temporary test teste tester testing testpass testtest thomas thursday tigger trump trustno tuesday user username
    vincent wachtwoord wednesday welcome whatever william willkommen windows winner winter wizard yankees zaq zaqwsx
    zxcvb zxcvbn zxcvbnm
    """
WORDS: Final = frozenset(_TEXT.split())
# As much as this people hang on to the word.
LONGEST_TAIL: Final = 6
_DISGUISE: Final = str.maketrans("@43105$7!", "aaeiossti")
_RUNS: Final = (
    "01234567890123456789",
    "98765432109876543210",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)
_NO_LETTERS: Final = re.compile(r"^[^a-z]+|[^a-z]+$")


def is_common(password: str) -> bool:
    """Whether it is one of these words, perhaps dressed up, the same character again and again, or a run of keys."""
    text = password.lower()
    if text in WORDS or len(set(text)) <= 2:
        return True
    bare = re.sub(r"[^a-z0-9]+$", "", text)
    if len(bare) >= 4 and any(bare in run for run in _RUNS):
        return True
    # The ends first: a digit at the end of a word is seldom a letter in disguise.
    core = _NO_LETTERS.sub("", text)
    tail = len(text) - len(core)
    if tail <= LONGEST_TAIL and (core.translate(_DISGUISE) in WORDS or len(set(core)) <= 1):
        return True
    # A disguised letter may stand at the end itself: `$ummer1!`, `adm1n`.
    return any(
        text[begin:end].translate(_DISGUISE) in WORDS
        for begin in (0, 1)
        for end in range(max(len(text) - LONGEST_TAIL, begin + 4), len(text) + 1)
    )
