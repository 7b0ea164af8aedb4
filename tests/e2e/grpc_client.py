"""gRPC as a client without any of our code sees it: reflection tells the contract, protoc turns text into messages and back, and
curl carries them over the socket of one service."""

import pathlib
import subprocess
import tempfile

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def field(number, data):
    """One field of a protobuf message: text and bytes by length, whole numbers as varint below 128."""
    if isinstance(data, int):
        return bytes([number << 3, data])
    data = data.encode() if isinstance(data, str) else data
    size, prefix = len(data), b""
    while size > 127:
        prefix += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + prefix + bytes([size]) + data


def parts(message, number):
    """The texts, bytes and messages in field `number`."""
    def varint(at):
        value, shift = 0, 0
        while True:
            value |= (message[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 128:
                return value, at
    found, at = [], 0
    while at < len(message):
        tag, at = varint(at)
        if tag & 7 == 2:
            size, at = varint(at)
            if tag >> 3 == number:
                found.append(message[at:at + size])
            at += size
        elif tag & 7 == 0:
            _, at = varint(at)
        else:
            at += 8 if tag & 7 == 1 else 4
    return found


def post(socket, method, message, token, **metadata):
    """One call on a service's own socket: its status code (None: no answer), the error's text and the messages."""
    headers = [f"authorization: Bearer {token}"] if token else []
    headers += [f"{name.replace('_', '-')}: {value}" for name, value in metadata.items()]
    with tempfile.NamedTemporaryFile(prefix="slipway-e2e-grpc-") as body:
        done = subprocess.run(
            ["curl", "-s", "--path-as-is", "--http2-prior-knowledge", "--unix-socket", socket, "-X", "POST", "-H",
             "content-type: application/grpc", "-H", "te: trailers", "--data-binary", "@-", "-D", "-", "-o", body.name, "--max-time", "10",
             *(part for header in headers for part in ("-H", header)), "http://localhost" + method],
            input=b"\0" + len(message).to_bytes(4, "big") + message, capture_output=True, check=False)
        data = pathlib.Path(body.name).read_bytes()
    told = dict(line.split(": ", 1) for line in done.stdout.decode().replace("\r", "").split("\n") if line.lower().startswith("grpc-"))
    messages = []
    while len(data) >= 5:
        size = int.from_bytes(data[1:5], "big")
        messages.append(data[5:5 + size])
        data = data[5 + size:]
    return int(told["grpc-status"]) if "grpc-status" in told else None, told.get("grpc-message", ""), messages


class Service:
    """A service whose contract comes from its reflection alone."""

    def __init__(self, socket, token, folder):
        self.socket = socket
        self.token = token
        self.folder = pathlib.Path(folder)
        self.methods = {}  # "ListProjects" -> (path, request type, response type)
        answer = self.reflect(field(7, "*"))
        self.names = [parts(service, 1)[0].decode() for service in parts(parts(answer, 6)[0], 1)]
        for name in self.names:
            if name.startswith("slipway."):
                self.learn(name)

    def reflect(self, question):
        code, problem, messages = post(self.socket, REFLECTION, question, self.token)
        if code != 0 or not messages:
            raise AssertionError(f"reflection of {self.socket}: {code} {problem}")
        return messages[0]

    def learn(self, name):
        files = parts(parts(self.reflect(field(4, name)), 4)[0], 1)
        descriptors = self.folder / f"{name}.pb"
        descriptors.write_bytes(b"".join(field(1, file) for file in files))
        for file in files:
            for service in parts(file, 6):
                if (parts(file, 2)[0] + b"." + parts(service, 1)[0]).decode() != name:
                    continue
                for method in parts(service, 2):
                    types = [parts(method, number)[0].decode().removeprefix(".") for number in (2, 3)]
                    self.methods[parts(method, 1)[0].decode()] = (
                        f"/{name}/{parts(method, 1)[0].decode()}", *types, descriptors, parts(file, 1)[0].decode())

    @staticmethod
    def protoc(option, descriptors, file, data):
        return subprocess.run(["protoc", option, f"--descriptor_set_in={descriptors}", file], input=data, capture_output=True,
                              check=True).stdout

    def call(self, method, text=""):
        """Calls by protobuf's text format; (code, error, [text of each message])."""
        path, request, response, descriptors, file = self.methods[method]
        message = self.protoc(f"--encode={request}", descriptors, file, text.encode())
        code, problem, messages = post(self.socket, path, message, self.token)
        return code, problem, [self.protoc(f"--decode={response}", descriptors, file, answer).decode() for answer in messages]
