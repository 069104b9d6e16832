"""Errors of the engine on the pages: each has words in every language, and none is AWS's English in another."""

from typing import Any

import pytest
from tests.browser import PASSWORD, App, oauth_app
from tests.conftest import PoolFactory, running, settings_for
from tests.functions import answering, arn, function_server, refusing
from tests.web.pages.reachable import errors_of_pages
from tests.web.pages.test_errors import said_above, said_at

from cenote.domain.errors import InvalidParameter
from cenote.flows import forgot_password
from cenote.web.pages import languages
from cenote.web.pages.languages import Languages

OTHERS = [name for name in languages.NAMES if name != languages.DEFAULT]
# What stands in those that have something filled in.
FILLED = {
    "Attributes did not conform to the schema: {}": (
        "name: The attribute is required\n",
        "name: String must be no longer than 5 characters\n",
        "name: The attribute is required\nage: Must be a number\n",
        "updated_at: Number must be no less than -5\n",
        "custom:x: Attribute does not exist in the schema.\n",
    ),
    "Invalid user attributes: {}": ("name: Required attribute cannot be deleted.\n",),
    "Cannot modify an already provided {}": ("email",),
    "Exception migrating user in app client {}": ("1a2b",),
    "Invalid attributes given, {} is missing": ("custom:shoe",),
    "Missing required parameter {}": ("SMS_OTP_CODE",),
    "User cannot be confirmed. Current status is {}": ("CONFIRMED", "FORCE_CHANGE_PASSWORD"),
    "Username and the given {} must be the same.": ("email", "phone number"),
    "{} failed with error {}.": ("PreSignUp", "Only staff. Ask!"),
    "{} invocation failed due to configuration.": ("PreSignUp",),
    "{} is not an MFA type that the user can choose.": ("SMS_MFA",),
    "{} is not an MFA type that the user can set up.": ("SMS_MFA",),
    "{}: {}": (
        "Password did not conform with policy",
        "Password not long enough",
    ),
    # What `{}` alone stands for: `attempt.unsealed` and `firing`.
    "{}": (
        "Invalid session for the user, session is expired.",
        "Unrecognizable lambda output",
        "Invalid lambda function output : Invalid JSON",
        "PreSignUp invocation failed due to error Socket timeout while invoking Lambda function.",
        "user.email: Attribute cannot be updated.",
    ),
}
ADDING = "adding a passkey says of all of them that it did not work"
SILENT = "a page with no tokens makes none"
FEEDBACK = "a link of a mail says of all of them that it is not valid"
SRP = "pages are told the password itself"
GONE = "an app or a pool that is gone has the error page"
# What no page can be told, though what can tell it is named on the way: why.
NEVER = {
    "A user can have at most {} passkeys.": ADDING,
    "Authentication event does not exist.": FEEDBACK,
    "Client {} is configured with secret but SECRET_HASH was not received": "pages are not the client",
    "Unable to verify secret hash for client {}": "pages are not the client",
    "Credential is not a RegistrationResponseJSON.": ADDING,
    "Credential names another id than was attested.": ADDING,
    "Custom auth lambda trigger is not configured for the user pool.": "pages begin no such sign-in",
    "Device already exists.": "a browser that becomes a device has a new key",
    "Device does not exist.": "a device that is gone is asked for a code like any other",
    "Invalid feedback token.": FEEDBACK,
    "Refresh Token has been revoked": SILENT,
    "SRP is not available in this user pool: it keeps passwords as argon2id hashes.": SRP,
    "SRP_A is not a number that a client could have made.": SRP,
    "The challenge of this registration was not found or has expired.": ADDING,
    "The challenge of this registration was used already.": ADDING,
    "The client takes only tokens that are bound to a key (DPoP).": SILENT,
    "The credential cannot be used.": ADDING,
    "The credential is of another relying party.": ADDING,
    "The origin of the credential is not allowed for {}.": ADDING,
    "The passkey is registered already.": ADDING,
    "The registration was begun for another relying party.": ADDING,
    "The registration was begun with another app client.": ADDING,
    "The user pool has no relying party id.": ADDING,
    "The user pool requires user verification.": ADDING,
    "User has not set up software token mfa": "the page verifies the app before it answers",
    "User pool add-ons are not enabled for this user pool.": FEEDBACK,
    "User pool client {} does not exist.": GONE,
    "User pool {} does not exist.": GONE,
    "WebAuthn not enabled for this pool.": ADDING,
    "{} is not a challenge that Cenote asks yet.": "the challenge stands in a sealed form of ours",
}


def sentences() -> list[str]:
    """Every error that a page can be told, as it may stand there."""
    found: list[str] = []
    for text in sorted(errors_of_pages().keys() - NEVER.keys()):
        filled = FILLED.get(text, ())
        if text.count("{}") == 1:
            found += [text.format(one) for one in filled]
        else:
            found.append(text.format(*filled))
    return found


def test_the_engines_errors_are_found() -> None:
    """Those that other tests came by, at least, wherever they are made: in a table, a challenge, a function."""
    assert errors_of_pages().keys() > {
        "Incorrect username or password.",
        "Your software token has already been used once.",
        "User already exists",
        "{} failed with error {}.",
        "Request not allowed due to security reasons.",
    }


def test_what_is_known_of_them_is_of_one_that_there_is() -> None:
    assert NEVER.keys() <= errors_of_pages().keys()
    assert FILLED.keys() == {text for text in errors_of_pages().keys() - NEVER.keys() if "{}" in text}


@pytest.mark.parametrize("language", OTHERS)
def test_each_error_that_a_page_can_be_told_has_words_of_its_own(language: str) -> None:
    texts = Languages()[language]
    catalog = set(texts.catalog.values())
    for sentence in sentences():
        said = texts.of_error(sentence)
        assert said != sentence
        known = sentence in texts.catalog or any(shape.fullmatch(sentence) for shape, _ in languages.SHAPES)
        assert known, sentence
        assert said in catalog or "Only staff. Ask!" in said or any(digit in said for digit in "5"), sentence


@pytest.mark.parametrize("sentence", sentences())
def test_none_of_them_speaks_of_our_machinery_in_english(sentence: str) -> None:
    said = Languages()["en"].of_error(sentence)
    assert "{" not in said
    assert not any(word in said for word in ("ambda", "parameter", "Exception", "schema", "MFA", "user pool"))
    assert said.endswith((".", "!")), said


@pytest.mark.parametrize("language", languages.NAMES)
def test_an_error_that_nobody_knows_is_english_in_english_alone(
    make: PoolFactory, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    invented = "Flux capacitor not aligned for the user."

    async def refuse(*_: Any, **__: Any) -> Any:
        raise InvalidParameter(invented)

    monkeypatch.setattr(forgot_password, "ask", refuse)
    app = oauth_app(make, with_user=False)
    browser = app.browser()
    answer = browser.fill(browser.get("/forgotPassword", app.request(lang=language)), username="ada")
    assert answer.status == 400
    expected = invented if language == "en" else languages.catalog(language)[languages.UNSPOKEN]
    assert said_at(answer, "username") == expected


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An app whose pool's function refuses every sign-up, and one whose answers nobody can read."""
    with function_server() as functions:
        settings = settings_for(
            tmp_path_factory.mktemp("refusals"), functions=functions.targets("refuses", "babbles")
        )
        functions.answers["refuses"] = refusing("Nur für Mitglieder! <b>")
        functions.answers["babbles"] = answering(autoConfirmUser="perhaps")
        with running(settings) as server:
            make = PoolFactory(server)
            yield {
                name: oauth_app(make, pool=make.pool(LambdaConfig={"PreSignUp": arn(name)}), with_user=False)
                for name in ("refuses", "babbles")
            }


def signed_up(app: App, language: str) -> str:
    browser = app.browser()
    page = browser.fill(browser.get("/signup", app.request(lang=language)), username="ada", password=PASSWORD)
    assert page.status == 400
    return said_above(page)


@pytest.mark.parametrize("language", languages.NAMES)
def test_the_operators_own_reason_is_shown_as_it_is_in_the_pages_language(
    refusals: dict[str, App], language: str
) -> None:
    reason = "Nur für Mitglieder! &lt;b&gt;"
    frame = "This was refused: {reason}"
    own = frame if language == "en" else languages.catalog(language)[frame]
    assert signed_up(refusals["refuses"], language) == own.format(reason=reason)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_function_that_fails_is_not_its_users_business(refusals: dict[str, App], language: str) -> None:
    said = "The service cannot answer now. Please try again soon."
    own = said if language == "en" else languages.catalog(language)[said]
    assert signed_up(refusals["babbles"], language) == own
