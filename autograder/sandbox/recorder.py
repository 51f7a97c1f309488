"""What a cell shows, as nbformat outputs, cut where it gets too long."""

from __future__ import annotations

import base64
import io

_OUTPUT_BYTES = 64  # what an output costs besides its text: a million empty ones are many bytes too


class Recorder:
    """Collects one cell's outputs as nbformat outputs, up to `limit` bytes of text and pictures."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.outputs: list[dict] = []
        self.size = 0
        self.cut = False

    def add(self, output: dict, size: int) -> None:
        """Keeps the output if it still fits; says once that something was left out."""
        size += _OUTPUT_BYTES
        if self.size + size > self.limit:
            if not self.cut:
                self.cut = True
                self._stream("stderr", "\n… 출력이 너무 길어 여기서 잘랐습니다.\n")
            return
        self.size += size
        self.outputs.append(output)

    def text(self, name: str, text: str) -> None:
        """Printed text; what does not fit is cut off."""
        room = self.limit - self.size
        if len(text) > room:
            if not self.cut:
                self.cut = True
                self._stream(name, text[: max(room, 0)])
                self._stream("stderr", "\n… 출력이 너무 길어 여기서 잘랐습니다.\n")
            self.size = self.limit
            return
        self.size += len(text)
        self._stream(name, text)

    def _stream(self, name: str, text: str) -> None:
        last = self.outputs[-1] if self.outputs else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"].append(text)
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": [text]})

    def data(self, kind: str, data: dict, metadata: dict | None = None) -> None:
        """A rich output; bytes become base64, anything that is no text is dropped."""
        clean = {}
        for mime, value in data.items():
            if isinstance(value, bytes):
                value = base64.b64encode(value).decode()
            if isinstance(value, str):
                clean[str(mime)] = value
        output = {"output_type": kind, "data": clean, "metadata": {}}
        if kind == "execute_result":
            output["execution_count"] = None
        self.add(output, sum(len(value) for value in clean.values()))

    def finished(self) -> list[dict]:
        """The outputs, stream pieces joined."""
        for output in self.outputs:
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
        return self.outputs


class Stream(io.TextIOBase):
    """A sys.stdout that writes into a Recorder."""

    encoding = "utf-8"

    def __init__(self, name: str, recorder: Recorder) -> None:
        self.name_, self.recorder = name, recorder

    def write(self, text: str) -> int:
        """Takes the text; never blocks, never fails."""
        self.recorder.text(self.name_, str(text))
        return len(text)

    def writable(self) -> bool:
        """Yes."""
        return True
