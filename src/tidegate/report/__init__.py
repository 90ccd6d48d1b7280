"""Reports: HTML pages, terminal text and JUnit XML, by result.

The template engine escapes everything that comes from data, and a content security policy in every
page forbids scripts and loads even if that fails.
"""
