"""Schemes of the Authorization header that several hosts share."""

import base64


def bearer(token: str) -> str:
    """The token alone."""
    return f"Bearer {token}"


def basic(user: str, token: str) -> str:
    """An account with its token in place of a password; Azure DevOps wants the account empty."""
    return f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"
