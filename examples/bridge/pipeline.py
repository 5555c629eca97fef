"""A pipeline that runs in the sandbox: copies a shop's orders and their refunds from an MCP server into a table for the
user, with a summary by month.

    python3 pipeline.py           # again and again, until it says that it is done

It keeps what it has fetched in the workspace. A command may make 500 calls and has a time limit, so a run that reaches
a limit, or is ended, costs nothing: the next one goes on where it stopped.
"""

import json
import os
import sys
from pathlib import Path

import pandas as pd
from servers import BudgetExceeded, ToolError, ecommerce, together

FETCHED = Path("fetched.jsonl")
TABLE = Path("/artifacts/orders.csv")
SUMMARY = Path("/artifacts/orders-by-month.csv")
BATCH = 50


def main():
    wanted = list(ecommerce.report_run(dataset="orders", group_by="order_id")["data"]["result"])
    done = {record["order_id"] for record in fetched()}
    missing = [order for order in wanted if order not in done]
    failed = 0
    try:
        for start in range(0, len(missing), BATCH):
            failed += fetch(missing[start : start + BATCH])
    except BudgetExceeded as error:
        print(f"{len(fetched())} of {len(wanted)} orders; run me again: {error.text}")
        return 0
    orders = tables(fetched())
    print(f"done: {len(orders)} of {len(wanted)} orders, {failed} failed; {TABLE} and {SUMMARY}")
    return 1 if failed else 0


def fetched():
    """What earlier runs have fetched. A last line that was cut off is fetched again."""
    records = []
    for line in FETCHED.read_text().splitlines() if FETCHED.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    return records


def fetch(orders):
    """Fetches a batch with several calls at a time, and keeps it. Returns how many orders failed."""
    found = together(ecommerce.order_get, orders, errors="return")
    refunds = together(ecommerce.refund_list_by_order, orders, errors="return")
    lines, failed = [], 0
    for order, one, paid_back in zip(orders, found, refunds):
        for problem in (one, paid_back):
            if isinstance(problem, BudgetExceeded):
                keep(lines)
                raise problem
        if isinstance(one, ToolError) or isinstance(paid_back, ToolError):
            print(f"{order}: {one if isinstance(one, ToolError) else paid_back}", file=sys.stderr)
            failed += 1
            continue
        lines.append({**one["data"], "refunded": sum(refund["amount"] for refund in paid_back["data"] or [])})
    keep(lines)
    return failed


def keep(records):
    """Adds records to the file, which is replaced as a whole."""
    temporary = FETCHED.with_suffix(".new")
    temporary.write_text("".join(json.dumps(record) + "\n" for record in fetched() + records))
    os.replace(temporary, FETCHED)


def tables(records):
    """Writes the tables. Returns the orders."""
    orders = pd.DataFrame(records).drop_duplicates("order_id")
    orders["created_at"] = pd.to_datetime(orders["created_at"])
    columns = ["order_id", "created_at", "customer_id", "status", "total", "refunded"]
    orders[columns].sort_values("created_at").to_csv(TABLE, index=False)
    by_month = orders.groupby(orders["created_at"].dt.strftime("%Y-%m")).agg(
        orders=("order_id", "count"), total=("total", "sum"), refunded=("refunded", "sum")
    )
    by_month.to_csv(SUMMARY)
    return orders


if __name__ == "__main__":
    sys.exit(main())
