"""The `cenote` command: serve, migrate, doctor, keys.

It parses flags and prints; the process itself is built in `server/`. Administering users is what the AWS
CLI is for, so no command here does it.
"""
