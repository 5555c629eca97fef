"""Replaces records in the database of mcp-server-ecommerce by those on standard input, a JSON object of lists. Runs in
the environment that the server is installed in.
"""

import json
import sys

from mcp_ecommerce.data.sqlite_adapter import SqliteAdapter

shop = SqliteAdapter(sys.argv[1])
shop.seed_if_empty()
for name, records in json.load(sys.stdin).items():
    setattr(shop, name, records)
shop.persist()
