"""The files, spans and rows that a command line names."""
