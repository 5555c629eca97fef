"""Many sandboxes of one server: how fast they start, what they cost at rest, and what a cut of all of them costs."""
