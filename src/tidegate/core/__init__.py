"""Base modules: errors, verdicts, finding codes, texts, spans."""
