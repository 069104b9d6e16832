"""One module a challenge: `issue()` asks it, `answer()` checks what came back.

Which challenge comes when is decided in `domain/sign_in.py`, never here.
"""
