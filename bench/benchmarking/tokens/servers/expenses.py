"""A server with the members of a team, their expenses and the budgets of their levels.

python -m benchmarking.tokens.servers.expenses PEOPLE LINES
"""

from __future__ import annotations

import random
import sys
from typing import Any

from benchmarking.tokens.servers.program import Offer, properties, serve

LEVELS = {"junior": 4_000, "senior": 5_000, "staff": 6_000, "principal": 7_500}
_NAMES = ("Alex", "Bo", "Chandra", "Dmitri", "Elif", "Femi", "Grace", "Hiro", "Ines", "Jonas")
_FAMILIES = ("Abara", "Berg", "Castillo", "Dahl", "Eriksen", "Fontaine", "Gupta", "Hoang", "Ito", "Jensen")
_MERCHANTS = ("Northern Rail", "Harbour Hotel", "Blue Taxi", "Cafe Linden", "Skyline Air", "Print and Copy")
_CATEGORIES = ("travel", "lodging", "meals", "software", "office")


def team(people: int) -> list[dict[str, Any]]:
    """The members, the same ones every time."""
    levels = list(LEVELS)
    return [
        {
            "id": f"U{1000 + number}",
            "name": f"{_NAMES[number % 10]} {_FAMILIES[number // 10 % 10]}",
            "level": levels[number % len(levels)],
        }
        for number in range(people)
    ]


def expenses(user_id: str, lines: int) -> list[dict[str, Any]]:
    """A member's expenses of a quarter, the same ones every time. Some spend more than others."""
    chance = random.Random(user_id)
    scale = chance.uniform(0.5, 1.6)
    return [
        {
            "id": f"E{chance.randrange(10**6):06}",
            "date": f"2026-{chance.randint(7, 9):02}-{chance.randint(1, 30):02}",
            "category": chance.choice(_CATEGORIES),
            "merchant": chance.choice(_MERCHANTS),
            "amount": round(chance.uniform(5, 190) * scale, 2),
            "currency": "USD",
            "status": chance.choices(("approved", "rejected"), (9, 1))[0],
        }
        for _ in range(lines)
    ]


def offers(people: int, lines: int) -> list[Offer]:
    members = team(people)

    def get_team_members(department: str) -> Any:
        return members

    def get_expenses(user_id: str, quarter: str) -> Any:
        if not any(member["id"] == user_id for member in members):
            raise LookupError(f"no user {user_id}")
        return expenses(user_id, lines)

    def get_budget_by_level(level: str) -> Any:
        return {"level": level, "travel_budget": LEVELS[level]}

    return [
        Offer(
            "get_team_members",
            "Returns the members of a department as a list of objects with id, name and level.",
            properties(department="The department, for example engineering"),
            get_team_members,
        ),
        Offer(
            "get_expenses",
            "Returns a user's expenses in a quarter as a list of objects with id, date, category, merchant, amount, "
            "currency and status (approved or rejected).",
            properties(user_id="The user's id", quarter="The quarter: Q1, Q2, Q3 or Q4"),
            get_expenses,
        ),
        Offer(
            "get_budget_by_level",
            "Returns an object with the level and its travel_budget in USD per quarter.",
            properties(level="The level: junior, senior, staff or principal"),
            get_budget_by_level,
        ),
    ]


if __name__ == "__main__":
    serve("expenses", offers(int(sys.argv[1]), int(sys.argv[2])))
