"""What the cryptography of an operation costs when nothing is around it."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import gmpy2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.machine import pinned
from bench.srp import G, N
from cenote.domain.srp import verifier


@dataclass(frozen=True, slots=True)
class Baseline:
    """Microseconds of CPU: one RSA-2048 signature, and the modular powers of SRP's 3072-bit group.

    Cenote takes powers of g from a table. Targets are set in plain powers, as the peers' costs are; `by_table` is
    there so that the share of what Cenote really computes stands beside.
    """

    signature: float
    of_generator: float  # g^b or g^x
    by_table: float  # the same, as Cenote does it
    of_verifier: float  # v^u
    shared: float  # (A·v^u)^b


@dataclass(frozen=True, slots=True)
class Crypto:
    """The cryptography that an operation can't do without."""

    signatures: int = 0
    of_generator: int = 0
    of_verifier: int = 0
    shared: int = 0

    @property
    def cost_anything(self) -> bool:
        return self != Crypto()

    def cost(self, alone: Baseline) -> float:
        """Microseconds, all powers plain."""
        return self._cost(alone, alone.of_generator)

    def cost_by_table(self, alone: Baseline) -> float:
        """Microseconds, powers of g from a table."""
        return self._cost(alone, alone.by_table)

    def _cost(self, alone: Baseline, of_generator: float) -> float:
        return (
            self.signatures * alone.signature
            + self.of_generator * of_generator
            + self.of_verifier * alone.of_verifier
            + self.shared * alone.shared
        )


def exponent() -> int:
    """256 bits, the highest one set."""
    return int.from_bytes(os.urandom(32), "big") | 1 << 255


class CryptographyAlone:
    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        # A header and the claims of an access token are about this long.
        self._message = os.urandom(900)
        self._salt = os.urandom(16)
        self._exponents = [exponent() for _ in range(64)]
        self._verifier = gmpy2.powmod(G, exponent(), N)
        self._blinded = gmpy2.powmod(G, exponent(), N) * self._verifier % N

    def measure(self, core: int, seconds: float) -> Baseline:
        """Spend about `seconds` of CPU on `core`, shared out evenly."""
        each = int(seconds * 1e9 / 5)
        with pinned(core):
            return Baseline(
                signature=self._mean(self._sign, each),
                of_generator=self._mean(lambda b: gmpy2.powmod(G, b, N), each),
                by_table=self._mean(lambda _: verifier("pool", "user", "password", self._salt), each),
                of_verifier=self._mean(lambda u: gmpy2.powmod(self._verifier, u, N), each),
                shared=self._mean(lambda b: gmpy2.powmod(self._blinded, b, N), each),
            )

    def sign(self, core: int, count: int) -> None:
        with pinned(core):
            for _ in range(count):
                self._sign(0)

    def _sign(self, _exponent: int) -> bytes:
        return self._key.sign(self._message, padding.PKCS1v15(), hashes.SHA256())

    def _mean(self, work: Callable[[int], object], budget: int) -> float:
        work(self._exponents[0])  # warm
        count, start = 0, time.thread_time_ns()
        while True:
            for e in self._exponents[:16]:
                work(e)
            count += 16
            used = time.thread_time_ns() - start
            if used >= budget:
                return used / count / 1000
