"""The parts of the soak: the connection, the work, the faults, and the ledger of what came of them."""
