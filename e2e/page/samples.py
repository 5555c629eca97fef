"""Conversations to look at: the events of a whole analysis, as the server writes them."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

Json = dict[str, Any]


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def started(name: str, call: str = "c1", server: str = "exec-mcp", **arguments: Any) -> Json:
    return {"type": "tool_started", "id": call, "name": name, "server": server, "arguments": json.dumps(arguments)}


def stream(content: str, omitted: int = 0, tail: str = "") -> Json:
    return {"head": content, "tail": tail, "omitted": omitted}


def ended(name: str, call: str = "c1", text: str | Json | None = None, **members: Any) -> Json:
    if text is not None:
        members["text"] = stream(text) if isinstance(text, str) else text
    return {
        "type": "tool_ended",
        "id": call,
        "name": name,
        "is_error": False,
        "seconds": 0.42,
        "truncated": False,
        "artifacts": [],
        **members,
    }


def bash(command: str, call: str, output: str = "", *, code: int = 0, errors: str = "", **members: Any) -> list[Json]:
    return [
        started("execute_bash", call, command=command),
        ended(
            "execute_bash",
            call,
            exit_code=code,
            stdout=stream(output),
            stderr=stream(errors),
            stdout_bytes=len(output),
            stderr_bytes=len(errors),
            **members,
        ),
    ]


def finished(state: str = "answered", **members: Any) -> Json:
    return {"type": "finished", "state": state, "seconds": 8.2, **members}


def usage(turn: int, prompt: int, completion: int) -> Json:
    return {
        "type": "turn_usage",
        "turn": turn,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "seconds": 1.2,
    }


def png(width: int = 640, height: int = 320) -> bytes:
    """A picture with bars, as a chart has them."""
    bars = [41, 63, 48, 39, 77, 71, 36, 48, 40, 27]
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            bar, inside = divmod(x * len(bars), width)
            filled = inside < width * 0.7 and height - y < bars[bar] * height * 0.011
            rows += b"\x01\x73\xb2" if filled else b"\xff\xff\xff"

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    )


ANSWER = """## When you need more people

Noon is the busiest hour: **77.2 cups** between 12:00 and 13:00. Every day has that peak, with a smaller one at 9:00.

| Hour | Mon to Thu | Friday | Difference |
|-----:|-----------:|-------:|-----------:|
| 9    | 62.3       | 70     | +12.4 %    |
| 12   | 74.0       | 90     | +21.6 %    |
| 15   | 45.0       | 58     | +28.9 %    |

The standard error of a mean of $n$ days is

$$\\mathrm{SE} = \\frac{s}{\\sqrt{n}}, \\qquad s^2 = \\frac{1}{n-1}\\sum_{i=1}^{n} (x_i - \\bar{x})^2$$

What I would do:

1. A second person from **12:00 to 14:00**, every day.
2. On Fridays from 15:00 on as well.

- [x] Read the figures
- [ ] Compare with last month

```python
busiest = cups.mean(axis=1).idxmax()  # 12
print(f"busiest hour: {busiest}:00")
```

The chart is [cups-by-hour.png](cups-by-hour.png); how it was made is explained at <https://matplotlib.org/stable/>.
"""
FIGURES = "hour,mon,tue,fri\n8,41,38,47\n9,63,59,70\n10,48,45,52\n12,72,75,90\n"
PLOT = """import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(8, 4))
ax.bar(hours, cups)
fig.savefig("/artifacts/cups-by-hour.png", dpi=120)
"""
TRACE = "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\nKeyError: 'time'\n"


def analysis() -> list[Json]:
    made = [{"name": "cups-by-hour.png", "size": 34_120, "type": "image/png", "digest": "a", "change": "new"}]
    return [
        text("I put the figures into a file and look at them first."),
        started("write_file", "c1", file_path="cups.csv", content=FIGURES),
        ended("write_file", "c1", text="Successfully wrote 77 bytes to /workspace/cups.csv", seconds=0.002),
        *bash(
            "python3 -c \"import pandas as pd; print(pd.read_csv('cups.csv').groupby('time').sum())\"",
            "c2",
            code=1,
            errors=TRACE,
        ),
        usage(1, 1420, 96),
        text("The column is called `hour`. Once more, and properly."),
        started("write_file", "c3", file_path="plot.py", content=PLOT.replace("dpi=120", "dpi=100")),
        ended("write_file", "c3", text="Successfully wrote 160 bytes to /workspace/plot.py", seconds=0.002),
        started("write_file", "c4", file_path="plot.py", content=PLOT),
        ended("write_file", "c4", text="Successfully wrote 160 bytes to /workspace/plot.py", seconds=0.002),
        *bash(
            "python3 plot.py && echo saved",
            "c5",
            "saved\n",
            artifacts=made,
            calls=[{"server": "calendar", "tool": "list_events", "seconds": 0.02, "ok": True}],
        ),
        usage(2, 2103, 240),
        text(ANSWER),
        usage(3, 2410, 310),
        finished(usage={"prompt_tokens": 5933, "completion_tokens": 646}),
    ]


QUESTION = "This is how many cups of coffee we sold last week. When do we need more people? Make me a chart."


def fill(mock: Any) -> str:
    """A server with some history; the conversation to look at."""
    mock.artifacts = {
        "cups-by-hour.png": png(),
        "summary.csv": b"hour,mean,friday\n9,62.3,70\n12,74.0,90\n15,45.0,58\n",
        "report.html": b"<!doctype html><title>Report</title><style>body{font:16px sans-serif;margin:2em}</style>"
        b"<h1>Coffee</h1><p>Noon is the busiest hour.</p>",
        "notes.md": b"# Notes\n\n* noon\n* Friday\n",
    }
    mock.files = {
        "/workspace/cups.csv": FIGURES.encode(),
        "/workspace/plot.py": PLOT.encode(),
        "/workspace/uploads/coffee.xlsx": bytes(2048),
    }
    for title in ("Clean up the addresses", "Why is the import slow?", "Plot the first 50 primes"):
        mock.converse(title, {"text": title, "events": [text("Done."), finished()]})
    attached = [{"name": "coffee.xlsx", "path": "/workspace/uploads/coffee.xlsx", "size": 2048}]
    return mock.converse(
        "When do we need more people?", {"text": QUESTION, "attachments": attached, "events": analysis()}, name="coffee"
    )
