"""The `cenote` command: serve, migrate, doctor, keys.

It parses flags and prints; the process itself is built in `server/`. Administering users is what the AWS
CLI is for, so no command here does it.
"""

import gc

# Nothing that is imported is garbage, and to look through it again and again takes a tenth of a start. Whoever serves
# turns the collector on again.
gc.disable()
