"""The host's side of the HTTP call, for tests outside of the sandbox. Python 3.

It owns what crates/codehook-sandbox does in earnest: opens the connection, checks the name, verifies TLS, takes chunks
apart. It allows loopback only, and answers one question at a time: a line of JSON with the size of what follows it.
"""
import http.client
import json
import ssl
import urllib.parse

INVALID, DENIED, NAME, REFUSED, TLS, TIMEOUT, LIMIT, PROTOCOL, HANDLE = range(-1, -10, -1)
MAX_OPEN = 8
LEFT_OUT = ("transfer-encoding", "connection", "keep-alive")


class Refused(Exception):
    pass


class Bridge:
    def __init__(self, ca_file):
        self.tls = ssl.create_default_context(cafile=ca_file)
        self.exchanges, self.last, self.opened = {}, 0, 0

    def serve(self, questions, answers):
        while True:
            line = questions.readline()
            if not line:
                return
            question = json.loads(line)
            payload = questions.read(question.get("size_of_payload", 0))
            try:
                answer, body = self.answer(question, payload)
            except Refused as failure:
                answer, body = {"error": failure.args}, b""
            except ssl.SSLError as failure:
                answer, body = {"error": (TLS, "certificate of the server refused: %s" % failure.reason)}, b""
            except TimeoutError:
                answer, body = {"error": (TIMEOUT, "no answer in time")}, b""
            except ConnectionRefusedError:
                answer, body = {"error": (REFUSED, "nothing listens there")}, b""
            except (http.client.HTTPException, OSError) as failure:
                answer, body = {"error": (PROTOCOL, "broken: %r" % failure)}, b""
            answer["size_of_payload"] = len(body)
            answers.write(json.dumps(answer).encode() + b"\n" + body)
            answers.flush()

    def answer(self, question, payload):
        verb = question["verb"]
        if verb == "open":
            return {"result": self.open(question)}, b""
        if verb == "opened":
            return {"result": self.opened}, b""
        connection, state = self.exchanges.get(question["handle"], (None, None))
        if verb == "close":
            if self.exchanges.pop(question["handle"], None):
                connection.close()
            return {"result": 0}, b""
        if connection is None:
            raise Refused(HANDLE, "no such handle")
        if verb == "timeout":
            connection.sock.settimeout(None if question["timeout_ms"] < 0 else question["timeout_ms"] / 1000)
            return {"result": 0}, b""
        if verb == "write":
            self.write(connection, state, payload)
            return {"result": 0}, b""
        if verb == "finish":
            return {"result": 0}, self.finish(connection, state)
        return {"result": 0}, state["response"].read1(question["size"])

    def open(self, question):
        url = urllib.parse.urlsplit(question["url"])
        headers = [line.split(": ", 1) for line in question["headers"].split("\r\n") if line]
        if url.hostname.endswith(".invalid"):
            raise Refused(NAME, "no address was found for %s" % url.hostname)
        if url.hostname not in ("localhost", "127.0.0.1"):
            raise Refused(DENIED, "%s is not on this hook's list of allowed hosts" % url.hostname)
        if len(self.exchanges) >= MAX_OPEN:
            raise Refused(LIMIT, "%d requests are under way" % MAX_OPEN)
        hosts = [value for name, value in headers if name.lower() == "host"]
        default = ":443" if url.scheme == "https" else ":80"
        if len(hosts) > 1 or any(host.removesuffix(default) != url.netloc for host in hosts):
            raise Refused(INVALID, "the Host header differs from the URL: leave it out")
        timeout = None if question["timeout_ms"] < 0 else question["timeout_ms"] / 1000
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=timeout, context=self.tls)
        else:
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        connection.connect()
        target = url.path + ("?" + url.query if url.query else "")
        connection.putrequest(question["method"], target or "/", skip_host=bool(hosts), skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if question["framing"] == 1:
            connection.putheader("Content-Length", str(question["size"]))
        if question["framing"] == 2:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        self.last += 1
        self.opened += 1
        self.exchanges[self.last] = (connection, {"framing": question["framing"], "left": question["size"]})
        return self.last

    def write(self, connection, state, piece):
        if state["framing"] == 2:
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            return
        state["left"] -= len(piece)
        if state["left"] < 0:
            raise Refused(INVALID, "the body is longer than its announced length")
        connection.send(piece)

    def finish(self, connection, state):
        if state["framing"] == 2:
            connection.send(b"0\r\n\r\n")
        elif state["left"]:
            raise Refused(INVALID, "the body is shorter than its announced length")
        response = state["response"] = connection.getresponse()
        lines = ["HTTP/1.%d %d %s" % (response.version - 10, response.status, response.reason)]
        lines += ["%s: %s" % item for item in response.getheaders() if item[0].lower() not in LEFT_OUT]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
