"""W1: the transcript of a meeting goes from a drive into a CRM. The model need not read it, but a direct call makes it
read all of it, and write it again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarking.bench import Bench
from benchmarking.client import Refused
from benchmarking.tokens.bridge import BridgeArm
from benchmarking.tokens.direct import DirectArm
from benchmarking.tokens.outcome import BRIDGE, ONE_BY_ONE, Outcome, measured
from benchmarking.tokens.servers.meeting import DOCUMENT, RECORD, transcript
from benchmarking.tokens.servers.program import entry
from benchmarking.tokens.transcript import Transcript, calls
from benchmarking.tokens.vocabulary import Ruler

UTTERANCES = 1_575
QUESTION = (
    f"Attach the transcript of my meeting (document {DOCUMENT} in my drive) to the lead {RECORD} in the CRM, "
    "in the field Notes."
)
ANSWER = f"The transcript is now in the field Notes of the lead {RECORD}."
SCRIPT = f"""
from servers import crm, drive
text = drive.get_document("{DOCUMENT}")
print(crm.update_record(object_type="Lead", record_id="{RECORD}", data={{"Notes": text}}))
"""


def run(bench: Bench, ruler: Ruler) -> Outcome:
    utterances = bench.effort.of(UTTERANCES, 50)
    with tempfile.TemporaryDirectory() as directory:
        files = {name: Path(directory) / f"{name}.json" for name in ("direct", "bridge")}
        with BridgeArm(bench, {}) as alone:
            own = alone.head
        direct, head = _direct(utterances, files["direct"])
        bridge = _bridge(bench, utterances, files["bridge"])
        for name, file in files.items():
            if json.loads(file.read_text(encoding="utf-8"))[RECORD]["Notes"] != transcript(utterances):
                raise Refused(f"the {name} arm left something else in the record")
    length = ruler.size(transcript(utterances), ruler.main)
    case = measured(ruler, f"{utterances:,} utterances", {ONE_BY_ONE: direct, BRIDGE: bridge}, head, own, 2)
    note = f"the transcript has {length:,} {'bytes' if ruler.main == 'bytes' else 'tokens'}"
    return Outcome("meeting", "W1: a transcript into a CRM", [case], [note])


def _entries(utterances: int, file: Path) -> dict:
    return {"drive": entry("meeting", "drive", str(utterances)), "crm": entry("meeting", "crm", str(file))}


def _direct(utterances: int, file: Path) -> tuple[Transcript, str]:
    with DirectArm(_entries(utterances, file)) as arm:
        head = arm.tool_list(["crm", "drive"])
        said = Transcript((head,))
        said.read(QUESTION)
        question = {"document_id": DOCUMENT}
        said.write(calls([("get_document", question)]))
        text = arm.call("drive", "get_document", question)
        said.read(text)
        change = {"object_type": "Lead", "record_id": RECORD, "data": {"Notes": text}}
        said.write(calls([("update_record", change)]))
        said.read(arm.call("crm", "update_record", change))
        said.write(ANSWER)
    return said, head


def _bridge(bench: Bench, utterances: int, file: Path) -> Transcript:
    with BridgeArm(bench, _entries(utterances, file)) as arm:
        said = Transcript(arm.head)
        said.read(QUESTION)
        arm.look_up(said, [("drive", "get_document"), ("crm", "update_record")])
        arm.python(said, SCRIPT)
        said.write(ANSWER)
    return said
