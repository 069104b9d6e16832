"""The client's half of SRP as Amazon Cognito's SDKs compute it: RFC 5054, with a key derived by HKDF under the info
"Caldera Derived Key". Kept apart from the server's code, so that one checks the other.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import gmpy2

# The 3072-bit group of RFC 3526 (section 4); Cognito uses it with the generator 2.
N = gmpy2.mpz(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = gmpy2.mpz(2)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def padded(number: int) -> bytes:
    """Big-endian, with a zero byte in front where the high bit is set."""
    return int(number).to_bytes(int(number).bit_length() // 8 + 1, "big")


def hashed(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


K = hashed(padded(N), padded(G))


def timestamp(now: datetime) -> str:
    return f"{DAYS[now.weekday()]} {MONTHS[now.month - 1]} {now.day} {now:%H:%M:%S} UTC {now.year}"


class Client:
    """One user's side. It keeps one ephemeral key for all its sign-ins: that costs the server the same."""

    def __init__(self, pool_id: str, password: str, secret: int) -> None:
        self._pool_name = pool_id.partition("_")[2]
        self._password = password
        self._secret = secret
        self._public = int(gmpy2.powmod(G, secret, N))
        self._known: dict[tuple[str, str], tuple[int, int]] = {}
        self.srp_a = f"{self._public:x}"

    def _password_key(self, user_id: str, salt: str) -> tuple[int, int]:
        """(x, k·g^x mod N), the same at every sign-in."""
        if (user_id, salt) not in self._known:
            inner = hashlib.sha256(f"{self._pool_name}{user_id}:{self._password}".encode()).digest()
            x = hashed(padded(int(salt, 16)), inner)
            self._known[user_id, salt] = x, int(K * gmpy2.powmod(G, x, N) % N)
        return self._known[user_id, salt]

    def answer(self, parameters: dict[str, str]) -> dict[str, str]:
        """ChallengeResponses for a PASSWORD_VERIFIER challenge's ChallengeParameters."""
        user_id, big_b = parameters["USER_ID_FOR_SRP"], int(parameters["SRP_B"], 16)
        x, masked = self._password_key(user_id, parameters["SALT"])
        u = hashed(padded(self._public), padded(big_b))
        shared = gmpy2.powmod(big_b - masked, self._secret + u * x, N)
        extracted = hmac.digest(padded(u), padded(shared), "sha256")
        key = hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]
        now = timestamp(datetime.now(UTC))
        block = parameters["SECRET_BLOCK"]
        message = f"{self._pool_name}{user_id}".encode() + base64.b64decode(block) + now.encode()
        return {
            "USERNAME": parameters.get("USERNAME", user_id),
            "TIMESTAMP": now,
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.digest(key, message, "sha256")).decode(),
        }
