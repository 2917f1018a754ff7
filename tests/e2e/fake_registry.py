"""A tiny npm registry on 127.0.0.1 that serves made-up packages.

    with FakeRegistry() as registry:
        registry.add("leaky", "1.0.0", {"index.js": "module.exports = 1"})
        registry.add("outer", "1.0.0", {"index.js": "..."}, dependencies={"leaky": "^1.0.0"})
        env = registry.environment(some_folder)      # npm run with this asks nobody else

add() takes further keys of package.json as keyword arguments, and `broken=True` for a version whose
archive cannot be fetched. Published times go up by a day with each version added.
"""
import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import tarfile
import threading
import urllib.parse


def _archive(manifest, files):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        everything = {"package.json": json.dumps(manifest, indent=2), **files}
        for name, text in sorted(everything.items()):
            data = text.encode()
            info = tarfile.TarInfo("package/" + name)
            info.size = len(data)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), mtime=0)


class FakeRegistry:
    def __init__(self):
        self._packages = {}  # name -> {version: manifest}
        self._times = {}
        self._archives = {}  # path -> bytes, None for a broken one
        self._day = 0
        self.requests = []  # paths, in the order they were asked for
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                registry._answer(self)

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                registry._send(self, 404, b"{}")

            def log_message(self, *unused):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *unused):
                pass  # npm cuts connections that it has no use for any more

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/" % self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._server.shutdown()
        self._server.server_close()

    def add(self, name, version, files, broken=False, deprecated=None, **manifest):
        manifest = {"name": name, "version": version, "main": "index.js", **manifest}
        archive = _archive(manifest, files)
        path = "/%s/-/%s-%s.tgz" % (name, name.split("/")[-1], version)
        self._archives[path] = None if broken else archive
        manifest["dist"] = {
            "tarball": self.url.rstrip("/") + path,
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode(),
            "shasum": hashlib.sha1(archive).hexdigest(),
        }
        if deprecated:
            manifest["deprecated"] = deprecated
        self._packages.setdefault(name, {})[version] = manifest
        self._day += 1
        self._times.setdefault(name, {})[version] = "2020-01-%02dT00:00:00.000Z" % (self._day % 28 + 1)

    def environment(self, folder):
        """Ours, with an npm that knows this registry alone; its cache and settings go to `folder`."""
        environment = {k: v for k, v in os.environ.items() if not k.lower().startswith("npm_")}
        os.makedirs(folder, exist_ok=True)
        config = os.path.join(folder, "npmrc")
        with open(config, "w") as f:
            f.write("registry=%s\ncache=%s\nfetch-retries=0\n" %
                    (self.url, os.path.join(folder, "npm-cache")))
        environment["npm_config_userconfig"] = config
        return environment

    def _send(self, handler, status, body, kind="application/json"):
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _answer(self, handler):
        path = urllib.parse.unquote(urllib.parse.urlparse(handler.path).path)
        self.requests.append(path)
        if path in self._archives:
            archive = self._archives[path]
            if archive is None:
                self._send(handler, 410, b"{}")
            else:
                self._send(handler, 200, archive, "application/octet-stream")
            return
        versions = self._packages.get(path[1:])
        if versions is None:
            self._send(handler, 404, b'{"error":"not found"}')
            return
        name = path[1:]
        packument = {
            "_id": name,
            "name": name,
            "dist-tags": {"latest": list(versions)[-1]},
            "versions": versions,
            "time": self._times[name],
        }
        self._send(handler, 200, json.dumps(packument).encode())
