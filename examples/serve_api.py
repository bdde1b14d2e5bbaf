"""The tracker of the example workspace: serves the JSON files of `examples/api` on this machine only.

    python examples/serve_api.py [--port 8877]

Every answer has an ETag, and a question that holds it is answered by 304, so that a client can ask often and read
seldom. Change a file while the server runs, and the next answer is the new one.
"""

import argparse
import hashlib
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "api"
HOST = "127.0.0.1"
PORT = 8877

#: What may be asked for: a file of the folder itself, by a plain name.
_PATH = re.compile(r"/(?P<name>[a-z][a-z0-9-]*\.json)")
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    server_version = "weighbridge-example"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        body = read(self.path.partition("?")[0])
        if body is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        etag = etag_of(body)
        known = is_known(etag, self.headers.get("If-None-Match", ""))
        self.send_response(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK)
        for name, value in {"ETag": etag, "Cache-Control": "no-cache"}.items():
            self.send_header(name, value)
        if not known:
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and not known:
            self.wfile.write(body)


def read(path: str) -> bytes | None:
    """The file that a URL's path names; None if there is none."""
    match = _PATH.fullmatch(path)
    file = FOLDER / match["name"] if match else None
    return file.read_bytes() if file is not None and file.is_file() else None


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the asker has this answer already, as RFC 9110 compares: `*`, or a list of tags, weak or not."""
    return if_none_match.strip() == "*" or etag in _ETAG.findall(if_none_match)


def server(port: int = PORT) -> ThreadingHTTPServer:
    """The server, bound but not yet answering. `port`: 0 takes a free one."""
    return ThreadingHTTPServer((HOST, port), Handler)


def main(port: int) -> None:
    with server(port) as tracker:
        try:
            tracker.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=PORT, help="port on 127.0.0.1 (default: %(default)s)")
    main(parser.parse_args().port)
