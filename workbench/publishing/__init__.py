"""Dashboards as files: pages that open from a disk, without a server and without Python."""
