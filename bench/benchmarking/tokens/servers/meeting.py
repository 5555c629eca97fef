"""Two servers: a drive that holds the transcript of a meeting, and a CRM whose records are in a file.

python -m benchmarking.tokens.servers.meeting drive UTTERANCES
python -m benchmarking.tokens.servers.meeting crm FILE
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from benchmarking.tokens.servers.program import Offer, properties, serve

DOCUMENT = "1Yq8-meeting-2026-11-17"
RECORD = "00Q5f000001abcXYZ"
_SPEAKERS = ("Dana Ortiz", "Priya Raman", "Tom Lindqvist", "Mei Tanaka")
_SUBJECTS = ("the rollout", "our security review", "the pilot group", "procurement", "the data team", "your pricing")
_VERBS = ("depends on", "was held up by", "should come before", "will need", "changes because of", "costs more than")
_OBJECTS = ("the single sign-on work", "a second region", "the audit in March", "training for the field offices")
_ENDINGS = ("as far as I can see.", "and we agreed on that last week.", "unless legal has concerns.", "by the quarter.")
_QUESTIONS = ("Can you send me the numbers?", "Who owns that on your side?", "Does that fit your budget?", "")


def transcript(utterances: int) -> str:
    """The words of a meeting, the same ones every time."""
    chance = random.Random(20261117)
    lines = []
    for number in range(utterances):
        words = " ".join(chance.choice(part) for part in (_SUBJECTS, _VERBS, _OBJECTS, _ENDINGS, _QUESTIONS)).strip()
        at = f"{number * 11 // 3600:02}:{number * 11 // 60 % 60:02}:{number * 11 % 60:02}"
        lines.append(f"[{at}] {chance.choice(_SPEAKERS)}: {words[0].upper()}{words[1:]}")
    return "\n".join(lines)


def drive(utterances: int) -> list[Offer]:
    def get_document(document_id: str) -> str:
        if document_id != DOCUMENT:
            raise LookupError(f"no document {document_id}")
        return transcript(utterances)

    def search_files(query: str) -> list[Any]:
        return [{"id": DOCUMENT, "name": "Meeting with Acme, transcript"}]

    document = properties(document_id="The document's id")
    query = properties(query="Words of the name or the content")
    return [
        Offer("search_files", "Searches files by name and content; returns ids and names.", query, search_files),
        Offer("get_document", "Returns the text of a document, without formatting.", document, get_document),
    ]


def crm(file: Path) -> list[Offer]:
    def records() -> dict[str, Any]:
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def get_record(object_type: str, record_id: str) -> Any:
        return records()[record_id]

    def update_record(object_type: str, record_id: str, data: dict[str, Any]) -> Any:
        changed = records()
        changed.setdefault(record_id, {"type": object_type}).update(data)
        file.write_text(json.dumps(changed, ensure_ascii=False), encoding="utf-8")
        return {"id": record_id, "updated": sorted(data)}

    place = properties(
        object_type="The kind of record: Lead, Contact, Account or SalesMeeting", record_id="The record's id"
    )
    fields = {"type": "object", "description": "The fields to set, by name"}
    change = {**place, "properties": {**place["properties"], "data": fields}, "required": [*place["required"], "data"]}
    return [
        Offer("get_record", "Returns all fields of a record.", place, get_record),
        Offer("update_record", "Sets fields of a record; the others stay as they are.", change, update_record),
    ]


if __name__ == "__main__":
    if sys.argv[1] == "drive":
        serve("drive", drive(int(sys.argv[2])))
    else:
        serve("crm", crm(Path(sys.argv[2])))
