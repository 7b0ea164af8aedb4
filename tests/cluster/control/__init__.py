"""Starts and stops a test cluster: files, processes, and the sharing of one cluster by many tests."""
