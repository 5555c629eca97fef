"""The scene of the demo: a shop's repository and its orders in September 2026. All figures are made up, and always the
same. Two changes charged customers a wrong price until somebody corrected them.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

ZONE_NAME = "Asia/Kolkata"
# Of the shop; it has no daylight saving time.
ZONE = timezone(timedelta(hours=5, minutes=30))
FIRST, DAYS = date(2026, 9, 1), 30
REASONS = ("damaged", "wrong_item", "not_as_described", "change_of_mind")
MISCHARGED = "wrong_price"

Json = dict[str, Any]


@dataclass(frozen=True)
class Incident:
    """A change that charged wrong prices from one day on, until another change of the same file."""

    first: date
    fixed: date
    file: str
    author: str


INCIDENTS = (
    Incident(date(2026, 9, 9), date(2026, 9, 11), "checkout/vat.py", "Mira Lindqvist"),
    Incident(date(2026, 9, 22), date(2026, 9, 24), "checkout/prices.py", "Tomas Okafor"),
)

# Where the authors are, as hours from UTC.
AUTHORS = {"Mira Lindqvist": 2, "Tomas Okafor": 1, "Asha Nair": 5.5, "Jonas Weber": 2, "Lena Costa": -3}

FILES = {
    "checkout/vat.py": '''"""Value added tax."""

RATE = 0.18


def vat(lines):
    """The tax of an order, rounded once."""
    return round(sum(line.price * line.quantity for line in lines) * RATE, 2)
''',
    "checkout/prices.py": '''"""Prices, from the catalogue."""

CACHE_SECONDS = 60


def price(product, cache, catalogue):
    """The price of a product, at most CACHE_SECONDS old."""
    return cache.get(product, CACHE_SECONDS) or cache.put(product, catalogue.price(product))
''',
    "search/index.py": '"""The index of products."""\n\nBOOST = 1\n',
    "shipping/labels.py": '"""Labels for parcels."""\n\nWIDTH = 100\n',
    "web/banner.css": ".banner { padding: 1px; }\n",
    "docs/returns.md": "# Returns\n\nRevision 1.\n",
}

_ROUNDED_ONCE = "round(sum(line.price * line.quantity for line in lines) * RATE, 2)"
_ROUNDED_EACH = "sum(round(line.price * RATE) * line.quantity for line in lines)"

# Per file the change that began an incident and the one that ended it: author, message, what is replaced by what.
CHANGES = {
    "checkout/vat.py": (
        ("Mira Lindqvist", "Round the tax of each item", (_ROUNDED_ONCE, _ROUNDED_EACH)),
        ("Asha Nair", "Round the tax of the sum, not of each item", (_ROUNDED_EACH, _ROUNDED_ONCE)),
    ),
    "checkout/prices.py": (
        ("Tomas Okafor", "Ask the catalogue less often", ("CACHE_SECONDS = 60", "CACHE_SECONDS = 86400")),
        ("Tomas Okafor", "Keep prices for a minute only", ("CACHE_SECONDS = 86400", "CACHE_SECONDS = 60")),
    ),
}

# Everyday changes: message, file, the text before a number that they count up.
EVERYDAY = (
    ("Rank exact matches higher", "search/index.py", "BOOST = "),
    ("Widen labels for the new printer", "shipping/labels.py", "WIDTH = "),
    ("Give the banner more room", "web/banner.css", "padding: "),
    ("Explain returns better", "docs/returns.md", "Revision "),
)


def make_repository(directory: Path) -> int:
    """Makes the shop's repository. Returns the number of its commits."""
    stream, count = bytearray(), 0
    for author, moment, message, changed in _commits():
        name, zone = f"{author} <{author.split()[0].lower()}@shop.example>", moment.strftime("%z")
        stream += f"commit refs/heads/main\nauthor {name} {int(moment.timestamp())} {zone}\n".encode()
        stream += f"committer {name} {int(moment.timestamp())} {zone}\ndata {len(message)}\n{message}\n".encode()
        for path, content in changed.items():
            stream += f"M 100644 inline {path}\ndata {len(content)}\n{content}\n".encode()
        count += 1
    git = ["git", "-C", str(directory)]
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet", str(directory)], check=True)
    subprocess.run([*git, "fast-import", "--quiet"], input=bytes(stream), check=True)
    subprocess.run([*git, "reset", "--quiet", "--hard", "main"], check=True)
    return count


def _commits() -> Iterator[tuple[str, datetime, str, dict[str, str]]]:
    """Author, time, message and changed files of each commit."""
    dice = random.Random(15)
    content = dict(FILES)
    yield "Jonas Weber", _at(FIRST - timedelta(days=1), 540, "Jonas Weber"), "Begin", dict(content)
    numbers = dict.fromkeys((file for _, file, _ in EVERYDAY), 1)
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        work = []
        for incident in INCIDENTS:
            for when, (author, message, (old, new)) in zip(
                (incident.first, incident.fixed), CHANGES[incident.file], strict=True
            ):
                if when == day:
                    content[incident.file] = content[incident.file].replace(old, new)
                    work.append((author, message, incident.file))
        # On the days of an incident's beginning and end, everyday changes concern different files.
        fixed = any(incident.fixed == day for incident in INCIDENTS)
        for index in dice.sample([2, 3] if fixed else [0, 1], 2 if work else dice.randint(1, 2)):
            message, file, before = EVERYDAY[index]
            old, numbers[file] = numbers[file], numbers[file] + 1
            content[file] = content[file].replace(f"{before}{old}", f"{before}{numbers[file]}")
            work.append((dice.choice(list(AUTHORS)), message, file))
        dice.shuffle(work)
        for turn, (author, message, file) in enumerate(work):
            yield author, _at(day, 9 + 60 * turn + dice.randrange(40), author), message, {file: content[file]}


def _at(day: date, minute: int, author: str) -> datetime:
    """A minute of a day of the shop's, as a clock shows it where the author is."""
    moment = datetime.combine(day, time(), ZONE) + timedelta(minutes=minute)
    return moment.astimezone(timezone(timedelta(hours=AUTHORS[author])))


def shop_records() -> dict[str, list[Json]]:
    """The shop's orders and refunds, as mcp-server-ecommerce keeps them."""
    dice = random.Random(9)
    orders: list[Json] = []
    refunds: list[Json] = []
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        is_wrong = any(incident.first <= day < incident.fixed for incident in INCIDENTS)
        for _ in range(dice.randint(12, 18)):
            moment = datetime.combine(day, time(), ZONE) + timedelta(seconds=dice.randrange(86400))
            order = _order(len(orders) + 1, moment, dice)
            orders.append(order)
            if dice.random() < (0.6 if is_wrong else 0.05):
                reason = MISCHARGED if is_wrong else dice.choice(REASONS)
                asked = moment + timedelta(minutes=dice.randrange(24 * 60, 96 * 60))
                refunds.append(_refund(len(refunds) + 1, order, reason, asked))
    return {"orders": orders, "refunds": refunds}


def day_of(order: Json) -> date:
    """The day of the shop's on which an order was placed."""
    return datetime.fromisoformat(order["created_at"].replace("Z", "+00:00")).astimezone(ZONE).date()


def _order(number: int, moment: datetime, dice: random.Random) -> Json:
    title, price = dice.choice([("Noise-cancelling headphones", 4999), ("Smart kettle", 2999), ("USB-C hub", 1499)])
    item = {"product_id": "PROD-1", "title": title, "qty": 1, "price": price}
    return {
        "order_id": f"ORD-{number}", "customer_id": f"CUST-{dice.randint(1, 200)}", "seller_id": "SELL-1",
        "status": "delivered", "total": price, "currency": "INR", "created_at": _utc(moment), "items": [item],
    }  # fmt: skip


def _refund(number: int, order: Json, reason: str, asked: datetime) -> Json:
    return {
        "refund_id": f"REF-{number}", "order_id": order["order_id"], "payment_id": f"PAY-{number}",
        "status": "completed", "amount": order["total"], "reason": reason, "created_at": _utc(asked),
        "updated_at": _utc(asked), "idempotency_key": f"made-up-{number}",
    }  # fmt: skip


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
