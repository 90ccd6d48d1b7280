"""The files, spans and rows named on a command line."""
