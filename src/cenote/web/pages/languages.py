"""The languages of the pages: gettext catalogs, read when first asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).parent / "locales"
# By the tag that `lang` takes (documented in "Managed login localization"), with each language's name for itself.
NAMES: Final[Mapping[str, str]] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "pt-BR": "Português (Brasil)",
    "tr": "Türkçe",
    "zh-CN": "简体中文",
    "zh-TW": "繁體中文",
}
DEFAULT: Final = "en"
# AWS's own sentences that are not for people, in English for them.
PLAIN_ENGLISH: Final[Mapping[str, str]] = {
    **{
        f"{beginning}: {end}": said
        for beginning in ("Password did not conform with policy", "Password does not conform to policy")
        for end, said in (
            ("Password not long enough", "This password is too short."),
            ("Password must have lowercase characters", "This password needs a lower case letter."),
            ("Password must have uppercase characters", "This password needs an upper case letter."),
            ("Password must have numeric characters", "This password needs a digit."),
            ("Password must have symbol characters", "This password needs a special character."),
        )
    },
    "Code mismatch and fail enable Software Token MFA": "This code is not right. Please try again.",
    "Invalid code received for user": "This code is not right. Please try again.",
    "Your software token has already been used once.": "This code was used already. Please wait for the next one.",
    "Invalid session for the user.": "Your sign-in has taken too long. Please start again.",
    "Invalid session for the user, session is expired.": "Your sign-in has taken too long. Please start again.",
    "Username/client id combination not found.": "User does not exist.",
    "Password reset required for the user": "Your password has to be reset.",
    "Invalid phone number format.": "A phone number begins with + and the country code.",
    "Invalid email address format.": "This is not an e-mail address.",
    "Username should be an email.": "Please enter an e-mail address.",
    "Username should be a phone number.": "Please enter a phone number with + and the country code.",
    "Username should be either an email or a phone number.": "Please enter an e-mail address or a phone number.",
    "Provided password cannot be used for security reasons.": "This password is too well known. Please choose another.",
    "Password has previously been used.": "You have used this password before. Please choose another.",
    "Attempt limit exceeded, please try after some time.": "Too many tries. Please try again later.",
    "Password attempts exceeded": "Too many tries. Please wait a moment.",
    "User cannot be confirmed. Current status is CONFIRMED": "Your account is confirmed already. Sign in.",
    "User password cannot be reset in the current state.": "The password cannot be reset now.",
    "Cannot reset password for the user as there is no registered/verified email or phone_number": (
        "This account has no verified e-mail address or phone number that a code could be sent to."
    ),
    "Cannot resend codes. Auto verification not turned on.": "New codes cannot be sent here.",
    "User has no second factor that this user pool allows, and none can be set up.": (
        "Your account needs a second step that cannot be set up here. Please ask your administrator."
    ),
    "User already exists": "This user name is taken already.",
    "User is not confirmed.": "Your account is not confirmed yet.",
    "Username cannot be of email format, since user pool is configured for email alias.": (
        "Please choose a user name that is not an e-mail address."
    ),
    "Username cannot be of phone number format, since user pool is configured for phone number alias.": (
        "Please choose a user name that is not a phone number."
    ),
    "An account with the given email already exists.": "There is an account with this e-mail address already.",
    "An account with the given phone_number already exists.": "There is an account with this phone number already.",
    "A client attempted to write unauthorized attribute": "This cannot be changed here.",
    "Selected challenge is not available.": "This way of signing in is not available.",
    "Preferred username cannot be provided for unconfirmed account, since user pool is configured for preferred"
    " username alias.": "You can choose a preferred user name once your account is confirmed.",
    "User has no attribute that could be verified.": (
        "This account has no e-mail address or phone number that a code could be sent to."
    ),
    "Contact administrator to reset password.": "Please ask your administrator to reset your password.",
    "The destination is not a single address.": "No code can be sent to this address or number.",
}
# What is said of an error that has no words of its own in a language: never AWS's English.
UNSPOKEN: Final = "That did not work. Please try again."
_UNFIT: Final = r"(?:Attributes did not conform to the schema|Invalid user attributes): "
# AWS's sentences that hold something of their occasion, or mean what another does: what stands for them, with the parts
# that it takes over. The reason for which a function of the operator refuses is theirs, and is shown as it is.
SHAPES: Final = tuple(
    (re.compile(shape, re.DOTALL), text)
    for shape, text in (
        (r"\w+ failed with error (?P<reason>.*?)\.?", "This was refused: {reason}"),
        (r"\w+ invocation failed due to .*", "The service cannot answer now. Please try again soon."),
        (
            r"Unrecognizable lambda output|Invalid lambda function output : .*",
            "The service cannot answer now. Please try again soon.",
        ),
        (_UNFIT + r"\S+: The attribute is required\n?", "Fill in this field, please."),
        (
            _UNFIT + r"\S+: String must be no shorter than (?P<count>\d+) characters\n?",
            "Please enter at least {count} characters.",
        ),
        (
            _UNFIT + r"\S+: String must be no longer than (?P<count>\d+) characters\n?",
            "Please enter at most {count} characters.",
        ),
        (_UNFIT + r"\S+: Must be a number\n?", "Please enter a number."),
        (
            _UNFIT + r"\S+: Number must be no greater than (?P<count>-?\d+)\n?",
            "Please enter {count} or less.",
        ),
        (_UNFIT + r"\S+: Number must be no less than (?P<count>-?\d+)\n?", "Please enter {count} or more."),
        (_UNFIT + r".*", "Please check what you entered."),
        (
            r"Cannot modify .*|user\.\S+: Attribute .*",
            "A client attempted to write unauthorized attribute",
        ),
        (
            r"Username and the given [\w ]+ must be the same\.",
            "Please enter the same address or number as your user name.",
        ),
        (
            r"User cannot be confirmed\. Current status is \w+|User is already confirmed\.",
            "User cannot be confirmed. Current status is CONFIRMED",
        ),
        (
            r"Password reset required for user due to security reasons",
            "Password reset required for the user",
        ),
        (r"SignUp is not permitted for this user pool", "Signing up is not open here."),
        (r"Exception migrating user in app client \w+", "User does not exist."),
        (r"Missing required parameter Session", "Invalid session for the user."),
        (
            r"Missing required parameter \w+|Invalid attributes given, \S+ is missing",
            "Fill in this field, please.",
        ),
        (
            r"Software Token MFA (?:does not exist|has not been enabled) .*|\w+ is not an MFA type that .*",
            "Selected challenge is not available.",
        ),
        (r"CREDENTIAL is not .*", UNSPOKEN),
    )
)
_BY_TAG: Final = {name.lower(): name for name in NAMES}
# What browsers say of those two by script or by language alone.
_ALSO: Final = {
    "pt": "pt-BR",
    "zh": "zh-CN",
    "zh-hans": "zh-CN",
    "zh-hant": "zh-TW",
    "zh-hk": "zh-TW",
    "in": "id",
}


@dataclass(frozen=True, slots=True)
class Texts:
    """One language: English texts lead to its own."""

    language: str
    catalog: Mapping[str, str]

    def __call__(self, text: str, /, **values: str) -> str:
        found = self.catalog.get(text, text)
        return found.format(**values) if values else found

    def of_error(self, message: str) -> str:
        """What a page says of an error, be it the engine's or its own."""
        if message in self.catalog:
            return self.catalog[message]
        for shape, text in SHAPES:
            found = shape.fullmatch(message)
            if found:
                return self(text, **found.groupdict())
        return message if self.language == DEFAULT else self(UNSPOKEN)


class Languages:
    """All catalogs, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, Texts] = {}

    def __getitem__(self, language: str) -> Texts:
        if language not in self._read:
            self._read[language] = Texts(
                language, PLAIN_ENGLISH if language == DEFAULT else catalog(language)
            )
        return self._read[language]


def catalog(language: str) -> dict[str, str]:
    from babel.messages.pofile import read_po  # noqa: PLC0415 (70 ms that English pages can spare)

    with (LOCALES / f"{language}.po").open("rb") as file:
        return {
            str(message.id): str(message.string)
            for message in read_po(file)
            if message.id and message.string and not message.fuzzy
        }


def matched(tag: str) -> str | None:
    """The language that a tag means, if it is one of ours: its own, or that of its first parts."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        name = "-".join(parts[:length])
        found = _BY_TAG.get(name) or _ALSO.get(name)
        if found is not None:
            return found
    return None


def chosen(asked: str | None, kept: str | None, accepted: str) -> str:
    """The language of a page: what the request asks for, what the browser chose before, what it accepts."""
    for tag in (*(asked or "").split(), kept or ""):
        found = matched(tag)
        if found is not None:
            return found
    for tag in preferred(accepted):
        found = matched(tag)
        if found is not None:
            return found
    return DEFAULT


def preferred(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, the most welcome first; what cannot be read counts for nothing."""
    weighed: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighed.append((weight, tag))
    return [tag for _, tag in sorted(weighed, key=lambda entry: -entry[0])]
