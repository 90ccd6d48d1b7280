"""Where things are kept and who is told: object stores, the registry, lineage, notifications."""
