"""HTTP and HTTPS servers on loopback that the tests of the shims talk to. Python 3; owns what each path answers.

/hello, /empty (204), /not-modified (304), /status/N, /redirect/N (N hops to /hello), /chunked/N (N pieces), /closing
(ends with the connection), /garbage (no HTTP), /bytes/N (N bytes, with a length), /slow/S (S seconds), /gzip, /cookies,
/RPC2 (XML-RPC: add), and /echo (any method: a JSON object with method, path, headers, and the length and SHA-1 of the
body).
"""
import gzip
import hashlib
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
import xmlrpc.client


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        digest, size = hashlib.sha1(), 0
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while True:
                left = int(self.rfile.readline().split(b";")[0], 16)
                if not left:
                    while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                        pass
                    break
                piece = self.rfile.read(left)
                self.rfile.readline()
                digest.update(piece)
                size += len(piece)
        else:
            left = int(self.headers.get("Content-Length", 0))
            self.kept = b""
            while left:
                piece = self.rfile.read(min(left, 65536))
                if size < 100000:
                    self.kept += piece
                digest.update(piece)
                size += len(piece)
                left -= len(piece)
        return size, digest.hexdigest()

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def handle_any(self):
        size, digest = self.body()
        name, _, argument = self.path.partition("?")[0].strip("/").partition("/")
        if name == "hello":
            self.answer(200, b"hello", [("Content-Type", "text/plain"), ("X-Twice", "1"), ("X-Twice", "2")])
        elif name == "empty":
            self.answer(204)
        elif name == "not-modified":
            self.answer(304)
        elif name == "status":
            self.answer(int(argument), b"status " + argument.encode())
        elif name == "redirect":
            hops = int(argument)
            self.answer(302, b"", [("Location", "/redirect/%d" % (hops - 1) if hops > 1 else "/hello")])
        elif name == "chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(int(argument)):
                piece = b"piece %d;" % number
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif name == "closing":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"until the end")
        elif name == "bytes":
            self.answer(200, (b"0123456789" * (int(argument) // 10 + 1))[: int(argument)])
        elif name == "slow":
            time.sleep(float(argument))
            self.answer(200, b"late")
        elif name == "garbage":
            self.wfile.write(b"no HTTP\r\n\r\n")
            self.close_connection = True
        elif name == "gzip":
            self.answer(200, gzip.compress(b"unpacked"), [("Content-Encoding", "gzip")])
        elif name == "cookies":
            self.answer(200, self.headers.get("Cookie", "").encode(), [("Set-Cookie", "seen=yes; Path=/")])
        elif name == "RPC2":
            args, _ = xmlrpc.client.loads(self.kept)
            self.answer(200, xmlrpc.client.dumps((sum(args),), methodresponse=True).encode(), [("Content-Type", "text/xml")])
        elif name == "echo":
            seen = {"method": self.command, "path": self.path, "headers": dict(self.headers), "length": size, "sha1": digest}
            self.answer(200, json.dumps(seen).encode(), [("Content-Type", "application/json")])
        else:
            self.answer(404, b"no such path")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass

    def shutdown_request(self, request):
        # TLS has an end of its own. Without it an answer that ends with its connection could have been cut off.
        if isinstance(request, ssl.SSLSocket):
            try:
                request.settimeout(1)
                request.unwrap()
            except (OSError, ValueError):
                pass
        super().shutdown_request(request)


def certificates(folder):
    """Makes a CA and a certificate for localhost; the files' names."""
    def run(*args):
        subprocess.run(("openssl",) + args, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA")
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "names"), "w") as names:
        names.write("subjectAltName=DNS:localhost\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-out", "server.pem",
        "-extfile", "names")
    return [os.path.join(folder, name) for name in ("ca.pem", "server.pem", "server.key")]


def start(certificate=None, key=None):
    """Starts a server, on TLS if there is a certificate; its port."""
    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # Not in accept(), where a client that breaks the handshake off would hold up the others.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
