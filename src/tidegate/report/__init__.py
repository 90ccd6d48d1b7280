"""Reports: a folder for each result, with its HTML page, its text and its JUnit XML.

Everything that comes from data is escaped by the template engine, and a content security policy
in every page forbids scripts and loads even if that failed.
"""
