"""How the cost grows: each subject measured at sizes that grow, its verdicts, its table and its plot."""
