"""Whether the time of an answer tells that a user exists (SECURITY.md case 38): a t-test, not a test.

Tests show that the same work is done for a name that nobody has (`tests/security/test_same_work.py`); this measures
what a caller could. Each name fails three times at most, so that nobody is locked out.
"""

import http.client
import json
import math
import statistics
import time
from collections.abc import Sequence
from typing import Any

from bench.pool import Pool, call, post

# A difference that chance makes in one of 150,000 comparisons.
SUSPICIOUS = 4.5
TRIES = 3


def compared(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Welch's t of the faster nine tenths, and the difference of their means in parts of it."""
    kept = [sorted(sample)[: len(sample) * 9 // 10] for sample in (first, second)]
    means = [statistics.fmean(sample) for sample in kept]
    errors = [statistics.variance(sample) / len(sample) for sample in kept]
    return (means[0] - means[1]) / math.sqrt(sum(errors)), abs(means[0] - means[1]) / means[0]


def discreet_client(address: tuple[str, int], pool: Pool) -> str:
    """An app client of the pool that hides who exists."""
    body = {
        "UserPoolId": pool.pool_id,
        "ClientName": "discreet",
        "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
    }
    return str(call(address, "CreateUserPoolClient", body)["UserPoolClient"]["ClientId"])


def sampled(address: tuple[str, int], pool: Pool, flow: str, samples: int) -> tuple[list[float], list[float]]:
    """Seconds of wrong sign-ins by users who are there, and by names of the same length that nobody has."""
    client_id, host = discreet_client(address, pool), http.client.HTTPConnection(*address)
    known: list[float] = []
    unknown: list[float] = []
    for turn in range(samples):
        there = pool.accounts[turn // TRIES % len(pool.accounts)].username
        nobody = f"nobd{there[4:]}"
        for name, taken in ((there, known), (nobody, unknown))[:: 1 if turn % 2 else -1]:
            taken.append(seconds_of(host, client_id, flow, name))
    host.close()
    return known, unknown


def seconds_of(connection: http.client.HTTPConnection, client_id: str, flow: str, name: str) -> float:
    parameters: dict[str, Any] = {"USERNAME": name, "PASSWORD": "Wrong-Horse-9", "SRP_A": "abcdef"}
    body = {"ClientId": client_id, "AuthFlow": flow, "AuthParameters": parameters}
    head, _, content = post("InitiateAuth", body).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    started = time.perf_counter()
    connection.request("POST", "/", content, headers)
    answer = connection.getresponse().read()
    taken = time.perf_counter() - started
    if "NotExist" in str(json.loads(answer)):
        raise RuntimeError("the answer itself tells that the user does not exist")
    return taken
