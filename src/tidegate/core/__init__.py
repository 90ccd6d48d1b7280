"""What everything stands on: errors, verdicts, codes of checks, texts, spans."""
