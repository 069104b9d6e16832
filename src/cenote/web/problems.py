"""Problems that are shown to the user on an error page, since there is nobody else to tell."""


class Problem(Exception):
    """An error page with this code; the code is all that it tells, and what the log knows it by."""

    def __init__(self, code: str, *, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
