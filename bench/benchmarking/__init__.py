"""The parts of the comparison: a lean client, what is compared, rounds and their figures, goals, and the report."""
