"""What every answer tells the browser: load nothing from elsewhere, run no script but ours."""

from __future__ import annotations

import secrets

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

# Widgets are modules that the page makes into blobs; charts on WebGL compile their shaders' code.
_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)


class SafeAnswer(OutputTransform):
    """Adds the headers of security to every answer, and a nonce to the scripts of our pages.

    The scripts that templates write into a page carry the answer's nonce. Those that a title or a
    tag might bring along do not, and neither do ``onerror`` and its kin: the browser refuses them.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        self._nonce = ""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers; a page is not kept by the browser, since its nonce is for once."""
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if headers.get("Content-Type", "").startswith("text/html"):
            self._nonce = secrets.token_urlsafe(16)
            headers["Content-Security-Policy"] = _POLICY.format(nonce=self._nonce)
            headers["Cache-Control"] = "no-store"
            chunk = self.transform_chunk(chunk, finishing)
            if finishing:
                headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Give the scripts of a page their nonce; Voila sends whole pieces of its templates."""
        if not self._nonce:
            return chunk
        return chunk.replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
