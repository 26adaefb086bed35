"""A registry for one push, on loopback and without TLS: what the OCI distribution specification asks of one that is pushed to.

It keeps everything in memory, refuses a blob whose digest is another, and a manifest whose parts are not there. Knows no tool.
"""

import hashlib
import http.server
import json
import re
import threading
import urllib.parse
import uuid


class Registry:
    """Runs until its `with` ends; `host` is the first part of the names of its images."""

    def __init__(self):
        self.blobs = {}
        self.manifests = {}
        self.uploads = {}
        handler = type("Bound", (Exchange,), {"registry": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.host = "127.0.0.1:%d" % self.server.server_port

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def manifest(self, reference):
        """A manifest by tag or digest, read; none where there is none."""
        found = self.manifests.get(reference)
        return found and json.loads(found[1])

    def lacks(self, manifest):
        """The digests that a manifest names and nobody has pushed."""
        parts = [manifest[key] for key in ("config",) if key in manifest] + manifest.get("layers", [])
        missing = [part["digest"] for part in parts if part["digest"] not in self.blobs]
        return missing + [member["digest"] for member in manifest.get("manifests", []) if member["digest"] not in self.manifests]


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Exchange(http.server.BaseHTTPRequestHandler):
    """One request and its answer."""

    protocol_version = "HTTP/1.1"
    registry = None

    def answer(self, status, content=b"", **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(content)}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def content(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def what(self):
        """What is asked for: kind, reference and the query."""
        url = urllib.parse.urlsplit(self.path)
        found = re.fullmatch(r"/v2/.+/(blobs/uploads|blobs|manifests)/([^/]*)", url.path)
        return (*(found.groups() if found else (None, None)), dict(urllib.parse.parse_qsl(url.query)))

    def do_GET(self):
        kind, reference, _ = self.what()
        if self.path == "/v2/":
            self.answer(200, b"{}")
        elif kind == "blobs" and reference in self.registry.blobs:
            self.answer(200, self.registry.blobs[reference], Docker_Content_Digest=reference)
        elif kind == "manifests" and reference in self.registry.manifests:
            media_type, content = self.registry.manifests[reference]
            self.answer(200, content, Content_Type=media_type, Docker_Content_Digest=digest_of(content))
        else:
            self.answer(404)

    do_HEAD = do_GET

    def do_POST(self):
        self.content()
        upload = str(uuid.uuid4())
        self.registry.uploads[upload] = b""
        self.answer(202, Location=urllib.parse.urlsplit(self.path).path.rstrip("/") + "/" + upload)

    def do_PATCH(self):
        kind, upload, _ = self.what()
        if kind != "blobs/uploads" or upload not in self.registry.uploads:
            return self.answer(404)
        self.registry.uploads[upload] += self.content()
        self.answer(202, Location=self.path, Range=f"0-{len(self.registry.uploads[upload]) - 1}")

    def do_PUT(self):
        kind, reference, query = self.what()
        if kind == "manifests":
            content = self.content()
            if self.registry.lacks(json.loads(content)):
                return self.answer(400)
            for name in (reference, digest_of(content)):
                self.registry.manifests[name] = (self.headers["Content-Type"], content)
            return self.answer(201, Docker_Content_Digest=digest_of(content))
        if kind != "blobs/uploads" or reference not in self.registry.uploads:
            return self.answer(404)
        content = self.registry.uploads.pop(reference) + self.content()
        if digest_of(content) != query.get("digest"):
            return self.answer(400)
        self.registry.blobs[digest_of(content)] = content
        self.answer(201, Docker_Content_Digest=digest_of(content))

    def log_message(self, *_):
        """Nothing: the tool that pushes says what went wrong."""
