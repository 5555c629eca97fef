"""Private parts of artifact_validation: import that module instead."""
