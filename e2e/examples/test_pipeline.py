"""examples/bridge/pipeline.py: copies all orders, however often a command ends before it is done."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

from support import engine, real_servers
from support.bridged import bridged_server
from support.stdio_client import REPOSITORY, text_of

EXAMPLES = REPOSITORY / "examples" / "bridge"
RECORDS = "import json, scene; print(json.dumps(scene.shop_records()))"


def test_it_goes_on_where_a_limit_has_ended_it_and_misses_nothing(fresh_user, tmp_path: Path) -> None:
    records = subprocess.run([sys.executable, "-c", RECORDS], cwd=EXAMPLES, capture_output=True, check=True).stdout
    database = tmp_path / "shop.db"
    fill = [str(Path(real_servers.program("mcp-server-ecommerce")).with_name("python")), "fill_shop.py", str(database)]
    subprocess.run(fill, cwd=EXAMPLES, input=records, check=True)
    shop = {**real_servers.ecommerce(), "env": {"ECOM_DB_PATH": str(database)}}
    expected = json.loads(records)
    with bridged_server(fresh_user, tmp_path, {"ecommerce": shop}, "--workspace", "ephemeral") as client:
        client.call_tool("write_file", file_path="pipeline.py", content=(EXAMPLES / "pipeline.py").read_text())
        printed = ""
        for _ in range(4):
            # As a run that was ended in the middle of a line leaves it.
            client.bash("test -e fetched.jsonl && truncate --size=-20 fetched.jsonl")
            result = client.bash("python3 pipeline.py", timeout=120)
            assert result["exit_code"] == 0, result["stderr"]
            printed += result["stdout"]
            if result["stdout"].startswith("done"):
                break
        assert printed.count("run me again: A command may call tools 500 times.") >= 1
        assert f"done: {len(expected['orders'])} of {len(expected['orders'])} orders, 0 failed" in printed
        table = text_of(client.call_tool("read_file", file_path="/artifacts/orders-by-month.csv"))
        months = list(csv.DictReader(io.StringIO(table)))
        orders, refunds = expected["orders"], expected["refunds"]
        assert sum(int(month["orders"]) for month in months) == len(orders)
        assert sum(int(month["total"]) for month in months) == sum(order["total"] for order in orders)
        assert sum(int(month["refunded"]) for month in months) == sum(refund["amount"] for refund in refunds)
        lines = client.bash("tail -n +2 /artifacts/orders.csv | wc -l")["stdout"]
        assert int(lines) == len(orders)
    assert engine.poll(lambda: not engine.containers(fresh_user)) is not None
