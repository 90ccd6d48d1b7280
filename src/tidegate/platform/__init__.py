"""Object stores, the registry, lineage and notifications."""
