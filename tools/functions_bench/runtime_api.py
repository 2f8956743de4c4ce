"""Lambda's side of a function: the runtime API on a loopback port
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), and a
process that polls it. The same for every function that is measured."""

import http.server
import json
import pathlib
import queue
import subprocess
import threading
import time
import uuid

VERSION = "/2018-06-01/runtime/"
# Lambda gives the initialisation ten seconds; a busy machine gets more.
PATIENCE = 60


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are written apart: with Nagle's algorithm the second
    # would wait for the acknowledgement of the first.
    disable_nagle_algorithm = True

    def do_GET(self):
        function = self.server.function
        if self.path != VERSION + "invocation/next":
            return self.send_error(404)
        function.told.put(("poll", time.perf_counter()))
        event = function.events.get()
        if event is None:
            self.close_connection = True
            return None
        body = json.dumps(event).encode()
        self.send_response(200)
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function.handler}"
        for name, value in (
            ("Lambda-Runtime-Aws-Request-Id", uuid.uuid4()),
            ("Lambda-Runtime-Deadline-Ms", int((time.time() + PATIENCE) * 1000)),
            ("Lambda-Runtime-Invoked-Function-Arn", arn),
            ("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"),
            ("Content-Type", "application/json"),
            ("Content-Length", len(body)),
        ):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.function.told.put((self.path.rsplit("/", 1)[1], body))

    def log_message(self, *_):
        pass


class Function:
    """A running function, from its first poll on; `cold_start` is the time
    from its start to that poll, in seconds."""

    def __init__(self, command, handler, environment, cwd=None):
        self.handler, self.events, self.told = handler, queue.Queue(), queue.Queue()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.function = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        began = time.perf_counter()
        self.process = subprocess.Popen(
            list(map(str, command)),
            env={**environment, **self._reserved()},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self.cold_start = self._expect("poll") - began

    def _reserved(self):
        """The variables that Lambda itself sets. lambda_runtime, for one,
        does not come up without those of the function."""
        return {
            "_HANDLER": self.handler,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
            "TZ": ":UTC",
        }

    def _expect(self, *expected):
        try:
            kind, value = self.told.get(timeout=PATIENCE)
        except queue.Empty:
            kind, value = "nothing", f"within {PATIENCE} s"
        if kind not in expected:
            self.stop()
            raise RuntimeError(f"{self.handler}: {expected[0]} was expected, and {kind} came: {value}")
        return value

    def invoke(self, event):
        """The answer to one event, once the function polls again."""
        self.events.put(event)
        answer = json.loads(self._expect("response"))
        self._expect("poll")
        return answer

    def resident(self):
        """Bytes of memory of the process that are resident."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def stop(self):
        self.events.put(None)
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
