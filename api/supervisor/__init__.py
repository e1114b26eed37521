"""Runs the parts of one server on one machine: children that restart, stop in order and cannot outlive their parent."""
